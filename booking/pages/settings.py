"""Settings: one's own booking page with its hours, days off and meeting types."""

from django.conf import settings
from django.shortcuts import redirect
from django.urls import reverse

from accounts.pages.base import SettingsPage
from booking import profiles
from booking.pages.forms import BookingForm, TypeForm, initial_of_type
from booking.serializers import profile_attributes
from lio.errors import DomainError, Missing
from lio.pages import REFUSALS, words_of

SHOWN = ("is_active", "title", "intro", "color", "timezone", "min_notice_minutes", "horizon_days", "slot_step", "daily_limit",
         "buffer_before", "buffer_after", "change_notice_minutes", "reminder_minutes")  # fmt: skip
ON_TYPES = ("on", "off", "up")


class BookingSettingsPage(SettingsPage):
    """What settings of booking pages share: their meeting types. `owner` is the page that has them."""

    section = "booking"

    def owner(self, **where):
        return profiles.of(self.request.user)

    def home(self, owner):
        """Where the settings of this page are."""
        return reverse("settings:booking")

    def change(self, owner, fields):
        profiles.update(self.request.user, fields, by=self.request.user)

    def put_types(self, owner, types, text):
        """Save the whole list of types, and say so."""
        self.change(owner, {"types": types})
        self.say(text, undoable=True)

    def on_type(self, owner, action, text):
        """Switch the type with this id on or off, or move it up."""
        types = profiles.told_types(owner)
        at = next((n for n, one in enumerate(types) if str(one["id"]) == text), None)
        if at is None:
            raise Missing()
        name = types[at]["name"]
        try:
            if action == "up":
                if at:
                    types[at - 1], types[at] = types[at], types[at - 1]
                self.put_types(owner, types, f"{name} is moved up.")
            else:
                types[at]["is_active"] = action == "on"
                self.put_types(owner, types, f"{name} is switched {action}.")
        except REFUSALS as error:
            self.complain(words_of(error))
        return redirect(self.home(owner))


class BookingSettings(BookingSettingsPage):
    """The page as a whole; posts its fields, or `on`, `off`, `up` with the id of a type."""

    def get(self, request):
        profile = self.owner()
        initial = {name: getattr(profile, name) for name in SHOWN}
        initial |= {"slug": request.user.booking_slug, "allowed_domains": "\n".join(profile.allowed_domains),
                    "daily_limit": profile.daily_limit or ""}  # fmt: skip
        return self.page(profile, BookingForm(initial=initial, profile=profile))

    def post(self, request):
        profile = self.owner()
        if action := next((name for name in ON_TYPES if name in request.POST), ""):
            return self.on_type(profile, action, request.POST[action])
        form = BookingForm(request.POST, profile=profile)
        if form.is_valid():
            try:
                self.change(profile, profile_attributes(form.given))
                self.say("Your booking page is saved.", undoable=True)
                return redirect("settings:booking")
            except DomainError as error:
                form.refuse(error)
        return self.page(profile, form, status=422)

    def page(self, profile, form, status=200):
        path = reverse("booking:book", args=[self.request.user.booking_slug])
        context = {"form": form, "profile": profile, "types": list(profiles.all_types(profile)), "path": path,
                   "link": f"{settings.SITE_URL}{path}", "type_add": reverse("settings:booking_type_add")}
        return self.show("settings/booking.html", context, status=status)


class EditType(BookingSettingsPage):
    """One meeting type; without `pk` a new one."""

    def row(self, owner, pk):
        found = profiles.all_types(owner).filter(pk=pk).first() if pk else None
        if pk and found is None:
            raise Missing()
        return found

    def get(self, request, pk=None, **where):
        owner = self.owner(**where)
        row = self.row(owner, pk)
        return self.page(owner, row, TypeForm(initial=initial_of_type(row) if row else {"minutes": 30, "tool": "none"}))

    def post(self, request, pk=None, **where):
        owner = self.owner(**where)
        row, form = self.row(owner, pk), TypeForm(request.POST)
        if form.is_valid():
            types = profiles.told_types(owner)
            given = form.given | {"location": form.given.get("location") or "", "questions": form.given.get("questions") or []}
            if row:
                types = [one | given if one["id"] == row.pk else one for one in types]
            else:
                types.insert(sum(one["is_active"] for one in types), given)
            try:
                self.put_types(owner, types, f"{given['name']} is saved." if row else f"{given['name']} can be booked.")
                return redirect(self.home(owner))
            except DomainError as error:
                form.refuse(error)
        return self.page(owner, row, form, status=422)

    def page(self, owner, row, form, status=200):
        context = {"form": form, "title": row.name if row else "New meeting type", "verb": "Save" if row else "Add type",
                   "back": self.home(owner), "place": self.place_of(owner)}
        return self.show("settings/form.html", context, status=status)

    def place_of(self, owner):
        return "Booking"
