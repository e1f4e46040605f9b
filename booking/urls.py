from django.urls import path

from booking.api import Availability, BookingAvailability, BookingConfirm, BookingProfileView, MeetingViewSet, MyProfile
from booking.calendars.api import CalendarEvents
from booking.pages import add, connecting, meeting, week
from booking.pages import list as meetings
from booking.pages.calendars import Calendars, ConnectCalendar, DisconnectCalendar
from booking.pages.public import BookedPage, BookPage
from booking.pages.settings import BookingSettings, EditType
from booking.pages.shared import EditSharedPage, EditSharedType, NewSharedPage, SharedPages
from lio.api.routers import VerbRouter

public = [
    path("book/<str:slug>", BookPage.as_view(), name="book"),
    path("booked/<str:token>", BookedPage.as_view(), name="booked"),
    path("booked/<str:token>/meeting.ics", BookedPage.as_view(act="ics"), name="booked_file"),
    path("booked/<str:token>/move", BookedPage.as_view(act="move"), name="booked_move"),
    path("booked/<str:token>/cancel", BookedPage.as_view(act="cancel"), name="booked_cancel"),
]
pages = [
    path("", meetings.MeetingList.as_view(), name="list"),
    path("week", week.Week.as_view(), name="week"),
    path("add", add.AddMeetingPage.as_view(), name="add"),
    path("bulk", meetings.BulkMeetings.as_view(), name="bulk"),
    path("views/add", meetings.SaveMeetingView.as_view(), name="view_add"),
    path("views/<int:pk>", meetings.EditMeetingView.as_view(), name="view_edit"),
    path("<int:pk>/", meeting.ViewMeeting.as_view(), name="view"),
    path("<int:pk>/status", meeting.SetStatus.as_view(), name="status"),
    path("<int:pk>/note", meeting.AddNote.as_view(), name="note"),
    path("<int:pk>/notes/<int:note_id>", meeting.EditNote.as_view(), name="edit_note"),
    path("<int:pk>/documents", meeting.AddDocument.as_view(), name="document_add"),
    path("<int:pk>/documents/<int:document_id>", meeting.DeleteDocument.as_view(), name="document"),
    path("<int:pk>/transcript", meeting.ReadTranscript.as_view(), name="transcript"),
    path("<int:pk>/transcript/add", meeting.AddTranscript.as_view(), name="transcript_add"),
    path("<int:pk>/transcript/remove", meeting.RemoveTranscript.as_view(), name="transcript_remove"),
    path("<int:pk>/summarise", meeting.Summarise.as_view(), name="summarise"),
    path("<int:pk>/delete", meeting.DeleteMeeting.as_view(), name="delete"),
    path("<int:pk>/field/<path:name>", meeting.EditField.as_view(), name="field"),
]
settings = [
    path("booking", BookingSettings.as_view(), name="booking"),
    path("booking/types/add", EditType.as_view(), name="booking_type_add"),
    path("booking/types/<int:pk>", EditType.as_view(), name="booking_type"),
    path("booking/shared", SharedPages.as_view(), name="shared_pages"),
    path("booking/shared/add", NewSharedPage.as_view(), name="shared_page_add"),
    path("booking/shared/<int:page>", EditSharedPage.as_view(), name="shared_page"),
    path("booking/shared/<int:page>/types/add", EditSharedType.as_view(), name="shared_type_add"),
    path("booking/shared/<int:page>/types/<int:pk>", EditSharedType.as_view(), name="shared_type"),
    path("calendars", Calendars.as_view(), name="calendars"),
    path("calendars/<str:provider>/connect", ConnectCalendar.as_view(), name="calendar_connect"),
    path("calendars/<str:provider>/disconnect", DisconnectCalendar.as_view(), name="calendar_disconnect"),
    path("calendars/<str:provider>/allow", connecting.GoToProvider.as_view(), name="calendar_allow"),
    path("calendars/<str:provider>/allowed", connecting.BackFromProvider.as_view(), name="calendar_allowed"),
]
verbs = VerbRouter()
verbs.register("meeting", MeetingViewSet)
api = [
    path("calendar/availability", Availability.as_view(), name="calendar-availability"),
    path("calendar/<str:provider>/events", CalendarEvents.as_view(), name="calendar-events"),
    path("booking-profile", MyProfile.as_view(), name="booking-profile"),
    path("booking/<str:slug>", BookingProfileView.as_view(), name="v1-booking"),
    path("booking/<str:slug>/availability", BookingAvailability.as_view(), name="v1-booking-availability"),
    path("booking/<str:slug>/confirm", BookingConfirm.as_view(), name="v1-booking-confirm"),
    *verbs.urls,
]
