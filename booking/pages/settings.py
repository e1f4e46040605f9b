"""Settings: one's own booking page with its hours, days off and meeting types."""

from django.conf import settings
from django.shortcuts import redirect
from django.urls import reverse

from accounts.pages.base import SettingsPage
from booking import profiles
from booking.models import MeetingType
from booking.pages.forms import BookingForm, TypeForm, initial_of_type
from booking.serializers import profile_attributes
from lio.errors import DomainError, Missing
from lio.pages import REFUSALS, words_of

SHOWN = ("is_active", "title", "intro", "color", "timezone", "min_notice_minutes", "horizon_days", "slot_step", "daily_limit",
         "buffer_before", "buffer_after", "change_notice_minutes", "reminder_minutes")  # fmt: skip


class BookingSettingsPage(SettingsPage):
    section = "booking"

    def profile(self):
        return profiles.of(self.request.user)

    def put_types(self, types, text):
        """Save the whole list of types, and say so."""
        profiles.update(self.request.user, {"types": types}, by=self.request.user)
        self.say(text, undoable=True)


class BookingSettings(BookingSettingsPage):
    """The page as a whole; posts its fields, or `on`, `off`, `up` with the id of a type."""

    def get(self, request):
        profile = self.profile()
        initial = {name: getattr(profile, name) for name in SHOWN}
        initial |= {"slug": request.user.booking_slug, "allowed_domains": "\n".join(profile.allowed_domains),
                    "daily_limit": profile.daily_limit or ""}  # fmt: skip
        return self.page(profile, BookingForm(initial=initial, profile=profile))

    def post(self, request):
        action = next((name for name in ("on", "off", "up") if name in request.POST), "")
        if action:
            return self.act(action, request.POST[action])
        profile = self.profile()
        form = BookingForm(request.POST, profile=profile)
        if form.is_valid():
            try:
                profiles.update(request.user, profile_attributes(form.given), by=request.user)
                self.say("Your booking page is saved.", undoable=True)
                return redirect("settings:booking")
            except DomainError as error:
                form.refuse(error)
        return self.page(profile, form, status=422)

    def act(self, action, text):
        types = profiles.told_types(self.profile())
        at = next((n for n, one in enumerate(types) if str(one["id"]) == text), None)
        if at is None:
            raise Missing()
        name = types[at]["name"]
        try:
            if action == "up":
                if at:
                    types[at - 1], types[at] = types[at], types[at - 1]
                self.put_types(types, f"{name} is moved up.")
            else:
                types[at]["is_active"] = action == "on"
                self.put_types(types, f"{name} is switched {action}.")
        except REFUSALS as error:
            self.complain(words_of(error))
        return redirect("settings:booking")

    def page(self, profile, form, status=200):
        path = reverse("booking:book", args=[self.request.user.booking_slug])
        context = {"form": form, "profile": profile, "types": list(profiles.all_types(profile)), "path": path,
                   "link": f"{settings.SITE_URL}{path}"}
        return self.show("settings/booking.html", context, status=status)


class EditType(BookingSettingsPage):
    """One meeting type; without `pk` a new one."""

    def row(self, pk):
        found = MeetingType.objects.filter(profile=self.profile(), pk=pk).first() if pk else None
        if pk and found is None:
            raise Missing()
        return found

    def get(self, request, pk=None):
        row = self.row(pk)
        return self.page(row, TypeForm(initial=initial_of_type(row) if row else {"minutes": 30, "tool": "none"}))

    def post(self, request, pk=None):
        row, form = self.row(pk), TypeForm(request.POST)
        if form.is_valid():
            types = profiles.told_types(self.profile())
            given = form.given | {"location": form.given.get("location") or "", "questions": form.given.get("questions") or []}
            if row:
                types = [one | given if one["id"] == row.pk else one for one in types]
            else:
                types.insert(sum(one["is_active"] for one in types), given)
            try:
                self.put_types(types, f"{given['name']} is saved." if row else f"{given['name']} can be booked.")
                return redirect("settings:booking")
            except DomainError as error:
                form.refuse(error)
        return self.page(row, form, status=422)

    def page(self, row, form, status=200):
        context = {"form": form, "title": row.name if row else "New meeting type", "verb": "Save" if row else "Add type",
                   "back": reverse("settings:booking"), "place": "Booking"}
        return self.show("settings/form.html", context, status=status)
