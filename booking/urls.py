from django.urls import path

from booking.api import Availability, BookingAvailability, BookingConfirm, BookingProfileView, MeetingViewSet, MyProfile
from lio.api.routers import VerbRouter

verbs = VerbRouter()
verbs.register("meeting", MeetingViewSet)
api = [
    path("calendar/availability", Availability.as_view(), name="calendar-availability"),
    path("booking-profile", MyProfile.as_view(), name="booking-profile"),
    path("booking/<str:slug>", BookingProfileView.as_view(), name="booking"),
    path("booking/<str:slug>/availability", BookingAvailability.as_view(), name="booking-availability"),
    path("booking/<str:slug>/confirm", BookingConfirm.as_view(), name="booking-confirm"),
    *verbs.urls,
]
