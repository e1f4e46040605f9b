from lio.api.routers import VerbRouter
from lookups.api import CustomFieldViewSet, LookupViewSet

verbs = VerbRouter()
verbs.register("custom-lookups", LookupViewSet)
verbs.register("custom-fields", CustomFieldViewSet)
api = verbs.urls
