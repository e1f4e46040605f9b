from django.apps import AppConfig

FEED = {"lead.alert_acknowledged": "update"}
PHRASES = {"lead.alert_acknowledged": "answered signals of"}


class IntentConfig(AppConfig):
    name = "intent"

    def ready(self):
        from intent import jobs  # noqa: F401 - recurring jobs
        from intent.engagement import engagement_of
        from intent.heat import hot_count
        from intent.signals import of_form
        from intent.site import jobs as of_site  # noqa: F401 - recurring jobs
        from intent.site import visits
        from lio import registry

        registry.engagement.append(engagement_of)
        registry.on_form.append(of_form)
        registry.on_form.append(visits.of_form)
        registry.feed_actions |= FEED
        registry.feed_phrases |= PHRASES
        registry.rail.append(registry.RailEntry("Hot leads", "intent:hot", "fire", order=11, count=hot_count))
