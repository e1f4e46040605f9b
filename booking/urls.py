from django.urls import path

from booking.api import Availability, BookingAvailability, BookingConfirm, BookingProfileView, MeetingViewSet, MyProfile
from booking.pages.public import BookedPage, BookPage
from lio.api.routers import VerbRouter

public = [
    path("book/<str:slug>", BookPage.as_view(), name="book"),
    path("booked/<str:token>", BookedPage.as_view(), name="booked"),
    path("booked/<str:token>/meeting.ics", BookedPage.as_view(act="ics"), name="booked_file"),
    path("booked/<str:token>/move", BookedPage.as_view(act="move"), name="booked_move"),
    path("booked/<str:token>/cancel", BookedPage.as_view(act="cancel"), name="booked_cancel"),
]
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
