from django.urls import path

from intent.tracking.views import FollowLink, OpenPixel, Unsubscribe

api = [
    path("track/open/<str:token>", OpenPixel.as_view(), name="v1-track-open"),
    path("track/click/<str:token>", FollowLink.as_view(), name="v1-track-click"),
    path("track/unsubscribe/<str:token>", Unsubscribe.as_view(), name="v1-track-unsubscribe"),
]
