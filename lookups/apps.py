from django.apps import AppConfig


class LookupsConfig(AppConfig):
    name = "lookups"
    verbose_name = "Pick lists"

    def ready(self):
        from lio.registry import on_founding, undoers
        from lookups.seeds import seed
        from lookups.undo import undo_fields, undo_views

        on_founding.append(seed)
        undoers["savedview"] = undo_views
        undoers["customfield"] = undo_fields
