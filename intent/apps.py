from django.apps import AppConfig

FEED = dict.fromkeys(
    ("lead.alert_acknowledged", "lead.alert_reopened", "lead.signal_logged", "lead.signal_withdrawn"), "update")
PHRASES = {
    "lead.alert_acknowledged": "answered signals of",
    "lead.alert_reopened": "took back an answer to signals of",
    "lead.signal_logged": "logged a signal of",
    "lead.signal_withdrawn": "took back a signal of",
}


class IntentConfig(AppConfig):
    name = "intent"

    def ready(self):
        from intent import jobs  # noqa: F401 - recurring jobs
        from intent.alerts import undo_answer, undo_reopening
        from intent.engagement import engagement_of
        from intent.heat import forget, hot_count
        from intent.pages.section import signals_of_lead
        from intent.rules import undo_settings
        from intent.signals import of_form, undo_note, undo_withdrawal
        from intent.site import jobs as of_site  # noqa: F401 - the same
        from intent.site import visits
        from intent.tracking import jobs as tracking  # noqa: F401 - the same
        from lio import registry

        registry.engagement.append(engagement_of)
        registry.on_form.append(of_form)
        registry.on_form.append(visits.of_form)
        registry.unlinks["lead"].append(forget)
        registry.record_parts["lead"].append(signals_of_lead)
        registry.undo_on_lead |= {
            "lead.alert_acknowledged": undo_answer, "lead.alert_reopened": undo_reopening, "lead.signal_logged": undo_note,
            "lead.signal_withdrawn": undo_withdrawal}
        registry.undoers["intentsettings"] = undo_settings
        registry.feed_actions |= FEED
        registry.feed_phrases |= PHRASES
        registry.rail.append(registry.RailEntry("Hot leads", "intent:hot", "fire", order=10, count=hot_count))
