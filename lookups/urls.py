from lio.api.routers import VerbRouter
from lookups.api import CustomFieldViewSet, LookupViewSet, ViewViewSet

verbs = VerbRouter()
verbs.register("custom-lookups", LookupViewSet)
verbs.register("custom-fields", CustomFieldViewSet)
verbs.register("custom-view", ViewViewSet)
api = verbs.urls
