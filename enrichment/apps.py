from django.apps import AppConfig


class EnrichmentConfig(AppConfig):
    name = "enrichment"

    def ready(self):
        from enrichment import jobs  # noqa: F401 - what the queue calls
        from enrichment.pages import card_of
        from enrichment.records import KINDS
        from lio.registry import BulkAction, bulk_actions, feed_actions, feed_phrases, record_parts

        for model_type in KINDS:
            feed_actions[f"{model_type}.enriched"] = "update"
            feed_phrases[f"{model_type}.enriched"] = "enriched"
            record_parts[model_type].append(card_of(model_type))
            bulk_actions[model_type]["enrich"] = BulkAction("Enrich", url=f"enrichment:{KINDS[model_type].plural}")
