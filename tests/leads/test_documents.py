"""lead/document/list, add and delete; lead/:id/upload-profile-image; both on the page."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from activity.images import small
from activity.models import StoredFile
from leads.models import Lead
from lio.errors import Invalid
from lio.tenancy import org_scope
from tests.conftest import shared
from tests.factories import a_file, a_picture, make_lead


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }


@pytest.fixture
def lead(rep):
    return make_lead(rep.organization, by=rep)


def add(api, lead, file=None, **more):
    return api.post("/api/lead/document/add", {"lead_id": lead.pk, "file": file or a_file(), **more}, format="multipart")


def picture(api, lead_id, file):
    return api.post(f"/api/lead/{lead_id}/upload-profile-image", {"image": file}, format="multipart")


def test_a_document_is_kept_with_its_words(api, lead):
    answer = add(api, lead, document_type="Offer", description="The first one")
    shown = answer.json()["data"]
    assert answer.status_code == 201
    assert {name: shown[name] for name in ("lead_id", "file_name", "mime_type", "size", "document_type", "description")} == {
        "lead_id": lead.pk,
        "file_name": "offer.txt",
        "mime_type": "text/plain",
        "size": 9,
        "document_type": "Offer",
        "description": "The first one",
    }
    assert b"".join(api.get(shown["url"])) == b"An offer."


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"lead_id": 10**12}, 404),
        ({"lead_id": "x"}, 422),
        ({"lead_id": ""}, 422),
        ({"document_type": "x" * 51}, 422),
        ({"description": "x" * 1001}, 422),
        ({"description": "a\x00b"}, 422),
        ({"file": "words"}, 422),
        ({"document_type": ""}, 201),
    ],
)
def test_what_may_be_added(body, status, api, lead):
    answer = api.post("/api/lead/document/add", {"lead_id": lead.pk, "file": a_file()} | body, format="multipart")
    assert answer.status_code == status, answer.content
    assert status != 422 or set(answer.json()["error"]["fields"]) == set(body)


def test_lists_of_one_lead_or_all(api, lead, rep):
    other = make_lead(rep.organization, by=rep)
    first, second = add(api, lead).json()["data"]["id"], add(api, other, document_type="Contract").json()["data"]["id"]

    def ids(**params):
        return [row["id"] for row in api.get("/api/lead/document/list", params).json()["data"]]

    assert ids() == [second, first] and ids(lead_id=lead.pk) == [first] and ids(search_value="contr") == [second]
    assert ids(order_by="size", order_in="asc") == [first, second]
    assert api.get("/api/lead/document/list", {"lead_id": 10**12}).status_code == 404
    api.delete("/api/lead/delete", {"ids": [lead.pk]})
    assert ids() == [second]


def test_deleting_one_takes_its_file_along(api, lead):
    shown = add(api, lead).json()["data"]
    assert api.delete("/api/lead/document/delete", {"ids": [shown["id"]]}).json()["data"] == {
        "deleted": 1,
        "ids": [shown["id"]],
    }
    assert api.get(shown["url"]).status_code == 404
    assert api.get("/api/lead/document/list").json()["total"] == 0


def test_another_organisations_are_not_there(api, outsider, outsider_api):
    foreign = make_lead(outsider.organization, by=outsider)
    shown = add(outsider_api, foreign).json()["data"]
    assert add(api, foreign).status_code == 404
    assert api.delete("/api/lead/document/delete", {"ids": [shown["id"]]}).status_code == 404
    assert picture(api, foreign.pk, a_picture()).status_code == 404
    assert api.get("/api/lead/document/list").json()["total"] == 0


# ------------------------------------------------------------------------------------------------- the picture
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_is_written_anew(kind, api, lead, rep):
    answer = picture(api, lead.pk, a_picture("face.svg", kind, size=(2000, 1000)))
    shown = answer.json()["data"]
    assert answer.status_code == 200 and shown["id"] == lead.pk
    served = api.get(shown["profile_image"])
    image = Image.open(BytesIO(b"".join(served)))
    assert (image.format, image.size, served["Content-Type"]) == ("WEBP", (512, 256), "image/webp")
    assert served["Content-Disposition"].startswith("attachment")


def test_the_former_picture_goes(api, lead, rep):
    first = picture(api, lead.pk, a_picture()).json()["data"]["profile_image"]
    second = picture(api, lead.pk, a_picture()).json()["data"]["profile_image"]
    assert (api.get(first).status_code, api.get(second).status_code) == (404, 200)


def test_neither_place_nor_comment_is_kept_and_it_stands_upright():
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "secret place", 6
    out = BytesIO()
    Image.new("RGB", (40, 20), "red").save(out, "JPEG", exif=exif, comment=b"<script>alert(1)</script>")
    data, _ = small(out.getvalue())
    image = Image.open(BytesIO(data))
    assert image.size == (20, 40) and not image.getexif() and b"script" not in data and b"secret" not in data


@pytest.mark.parametrize("name", ["mouseover-xss-ecs.jpeg", "onclick-xss-ecs.jpeg"])
def test_script_in_a_picture_does_not_survive(name):
    try:
        data, _ = small(shared(f"data/input-abuse/upload/{name}").read_bytes())
    except Invalid:
        return
    assert b"alert" not in data and b"onclick" not in data


def bomb():
    """A PNG that says it is 30,000 by 30,000 pixels."""
    data = bytearray(a_picture().read())
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"<svg/>",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF\x00\x00\x00\x00WEBP",
        b"%PDF-1.7",
        bomb(),
        b"BM" + bytes(60),
    ],
    ids=range(9),
)
def test_what_is_no_picture_is_refused(data, api, lead):
    answer = picture(api, lead.pk, SimpleUploadedFile("face.png", data, "image/png"))
    assert answer.status_code == 422 and set(answer.json()["error"]["fields"]) == {"image"}


def test_a_truncated_picture_is_refused(api, lead):
    data = a_picture("x.jpg", "JPEG", size=(300, 300)).read()
    assert picture(api, lead.pk, SimpleUploadedFile("face.jpg", data[: len(data) // 2])).status_code == 422


def test_five_megabytes_and_no_more(api, lead):
    answer = picture(api, lead.pk, SimpleUploadedFile("face.png", b"\x89PNG\r\n\x1a\n" + bytes(5 * 1024 * 1024)))
    assert answer.status_code == 422 and answer.json()["error"]["fields"] == {"image": ["must be at most 5 MB"]}


def test_a_picture_is_needed(api, lead):
    assert api.post(f"/api/lead/{lead.pk}/upload-profile-image", {}, format="multipart").status_code == 422
    assert api.post(f"/api/lead/{lead.pk}/upload-profile-image", {"image": "x"}).status_code == 400
    assert picture(api, 10**12, a_picture()).status_code == 404


# ------------------------------------------------------------------------------------------------- the page
def test_files_on_the_page(browser, rep, lead):
    page = f"/leads/{lead.pk}/"
    answer = browser.post(f"{page}documents", {"file": a_file("plan.txt")}, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "plan.txt" in answer.content.decode()
    with org_scope(rep.organization):
        stored = StoredFile.objects.get()
    assert b"".join(browser.get(f"/files/{stored.pk}")) == b"An offer."
    refused = browser.post(f"{page}documents", {"file": a_file("a.html", b"<html>")}, headers={"HX-Request": "true"})
    assert refused.status_code == 422 and "Is HTML, SVG or XML" in refused.content.decode()
    assert browser.post(f"{page}documents", {}).status_code == 302
    number = answer.content.decode().split(f"/leads/{lead.pk}/documents/")[1].split('"')[0]
    assert "Delete plan.txt?" in browser.get(f"{page}documents/{number}").content.decode()
    assert "plan.txt" not in browser.post(f"{page}documents/{number}", headers={"HX-Request": "true"}).content.decode()


def test_a_page_refuses_what_is_far_too_large_before_it_reads_it(browser, lead, settings):
    settings.MAX_UPLOAD = 1000
    browser.raise_request_exception = False
    assert browser.post(f"/leads/{lead.pk}/documents", {"file": a_file(data=b"x" * 2000)}).status_code == 400


def test_the_picture_on_the_page(browser, rep, lead):
    page = f"/leads/{lead.pk}/"
    assert browser.post(f"{page}picture", {"image": a_picture()}).status_code == 302
    with org_scope(rep.organization):
        file_id = Lead.objects.get(pk=lead.pk).profile_image_id
    assert f'<img src="/files/{file_id}"' in browser.get(page).content.decode()
    assert browser.post(f"{page}picture", {"image": a_file()}).status_code == 422
    browser.post(f"{page}picture", {"remove": "true"})
    assert "<img" not in browser.get(page).content.decode()
