"""Settings: booking pages that several members share. For administrators."""

from django.conf import settings
from django.db.models import Count
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from booking import profiles, shared
from booking.models import SharedPage, SharedPageHost
from booking.pages.forms import NewSharedForm, SharedForm
from booking.pages.settings import ON_TYPES, BookingSettingsPage, EditType
from lio.errors import DomainError, Missing
from lio.pages import REFUSALS, words_of
from lookups.names import whole
from lookups.record_fields import people

SHOWN = ("title", "slug", "intro", "assigning", "color", "is_active")
ON_HOSTS = ("host_add", "host_up", "host_remove")


class SharedSettingsPage(BookingSettingsPage):
    verb = "organization.manage"

    def owner(self, **where):
        found = SharedPage.objects.of(self.organization).filter(pk=where["page"]).first()
        if found is None:
            raise Missing()
        return found

    def home(self, owner):
        return reverse("settings:shared_page", args=[owner.pk])

    def change(self, owner, fields):
        return shared.update(owner.pk, self.organization, fields, by=self.request.user)


class SharedPages(SharedSettingsPage):
    """All of them. Posts `on` or `off` with the id of one."""

    def get(self, request):
        rows = list(SharedPage.objects.of(self.organization).order_by("title", "id"))
        names: dict[int, list] = {row.pk: [] for row in rows}
        there = SharedPageHost.objects.of(self.organization).select_related("user").order_by("page", "position", "id")
        for one in there:
            names[one.page_id].append(one.user.full_name)
        counts = dict(shared.of_late(self.organization).values_list("shared_page_id").annotate(Count("id")))
        shown = [{"row": row, "hosts": names[row.pk], "booked": counts.get(row.pk, 0), **address(row)} for row in rows]
        return self.show("settings/shared_pages.html", {"pages": shown})

    def post(self, request):
        action = "on" if "on" in request.POST else "off"
        owner = self.owner(page=whole(request.POST.get(action, "")))
        self.change(owner, {"is_active": action == "on"})
        self.say(f"{owner.title} is {'open again' if action == 'on' else 'closed: its link shows nothing'}.", undoable=True)
        return redirect("settings:shared_pages")


class NewSharedPage(SharedSettingsPage):
    def get(self, request):
        form = NewSharedForm(organization=self.organization, initial={"host": request.user.pk, "assigning": "in_turn"})
        return self.page(form)

    def post(self, request):
        form = NewSharedForm(request.POST, organization=self.organization)
        if form.is_valid():
            try:
                fields = form.given | {"hosts": [int(form.cleaned_data["host"])]}
                made = shared.create(self.organization, fields, by=request.user)
                self.say(f"{made.title} can be booked.", undoable=True)
                return redirect(self.home(made))
            except DomainError as error:
                form.refuse(error)
        return self.page(form, status=422)

    def page(self, form, status=200):
        context = {"form": form, "title": "New shared page", "verb": "Add page", "back": reverse("settings:shared_pages"),
                   "place": "Shared pages", "text": "Visitors see the times at which any of its hosts is free."}  # fmt: skip
        return self.show("settings/form.html", context, status=status)


class EditSharedPage(SharedSettingsPage):
    """Posts its fields; `host_add`, `host_up` or `host_remove` with the id of a member; `on`, `off` or `up` of a type."""

    def get(self, request, page):
        owner = self.owner(page=page)
        initial = {name: getattr(owner, name) for name in SHOWN} | {"allowed_domains": "\n".join(owner.allowed_domains)}
        return self.page(owner, SharedForm(initial=initial))

    def post(self, request, page):
        owner = self.owner(page=page)
        if action := next((name for name in ON_TYPES if name in request.POST), ""):
            return self.on_type(owner, action, request.POST[action])
        if action := next((name for name in ON_HOSTS if name in request.POST), ""):
            return self.on_host(owner, action, whole(request.POST[action]))
        form = SharedForm(request.POST)
        if form.is_valid():
            try:
                self.change(owner, {name: value if value is not None else "" for name, value in form.given.items()})
                self.say("The page is saved.", undoable=True)
                return redirect(self.home(owner))
            except DomainError as error:
                form.refuse(error)
        return self.page(owner, form, status=422)

    def on_host(self, owner, action, pk):
        ids = shared.host_ids(owner)
        member = User.objects.of(self.organization).filter(pk=pk).first()
        if member is None or (action != "host_add" and pk not in ids):
            raise Missing()
        at = ids.index(pk) if pk in ids else len(ids)
        if action == "host_add":
            ids, text = [*ids, pk], f"{member.full_name} can be booked here."
        elif action == "host_remove":
            ids, text = [one for one in ids if one != pk], f"{member.full_name} is no host of this page any more."
        else:
            ids.insert(max(at - 1, 0), ids.pop(at))
            text = f"{member.full_name} is moved up."
        try:
            self.change(owner, {"hosts": ids})
            self.say(text, undoable=True)
        except REFUSALS as error:
            self.complain(words_of(error))
        return redirect(self.home(owner))

    def page(self, owner, form, status=200):
        ids = shared.host_ids(owner)
        members = User.objects.of(self.organization).in_bulk(ids)
        counts = shared.turns(owner)
        context = {
            "form": form, "shared": owner, "types": list(profiles.all_types(owner)),
            "hosts": [{"member": members[pk], "booked": counts.get(pk, 0)} for pk in ids],
            "others": [one for one in people(self.organization) if one[0] not in ids] if len(ids) < shared.MOST_HOSTS else [],
            "type_add": reverse("settings:shared_type_add", args=[owner.pk]), **address(owner),
        }
        return self.show("settings/shared_page.html", context, status=status)


class EditSharedType(SharedSettingsPage, EditType):
    """One meeting type of a shared page."""

    def place_of(self, owner):
        return owner.title


def address(page):
    """Where visitors find it."""
    path = reverse("booking:book", args=[page.slug])
    return {"path": path, "link": f"{settings.SITE_URL}{path}"}
