from lio.api.routers import VerbRouter
from lookups.api import LookupViewSet

verbs = VerbRouter()
verbs.register("custom-lookups", LookupViewSet)
api = verbs.urls
