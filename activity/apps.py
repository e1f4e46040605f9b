from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "activity"

    def ready(self):
        from activity import jobs  # noqa: F401 - recurring jobs
        from activity.notify import service_refused, unread_count
        from activity.preferences import profile_part
        from lio.registry import RailEntry, on_refusal, profile_parts, rail

        rail.append(
            RailEntry("Notifications", "activity:notifications", "bell", group="head", verb="records.view", count=unread_count)
        )
        rail.append(RailEntry("Feed", "activity:feed", "rss", order=15))
        profile_parts.append(profile_part)
        on_refusal.append(service_refused)
