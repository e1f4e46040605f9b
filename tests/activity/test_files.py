"""storage-file/add, storage-file/:id/download, file/attach, file/list; what is taken in and how it is given out."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from activity import jobs as background
from activity.content import clean_name
from activity.models import StoredFile
from lio.tenancy import org_scope
from tests.conftest import SHARED, shared
from tests.factories import a_file, a_picture, make_lead

EVIL = sorted(path.name for path in (SHARED / "data/input-abuse/upload").glob("*")) if SHARED.is_dir() else []
TAKEN = {
    "extension-asp-extensions.lst",
    "extension-php-extensions.lst",
    "mouseover-xss-ecs.jpeg",
    "onclick-xss-ecs.jpeg",
    "symlink.zip",
}


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }
    return tmp_path


def upload(api, file):
    return api.post("/api/storage-file/add", {"file": file}, format="multipart")


def download(api, url):
    answer = api.get(url)
    return answer, b"".join(answer) if answer.streaming else answer.content


def test_what_goes_in_comes_out_as_an_attachment(api, folder):
    answer = upload(api, a_file("offer.pdf", b"%PDF-1.7 hello"))
    shown = answer.json()["data"]
    assert answer.status_code == 201
    assert (shown["file_name"], shown["mime_type"], shown["size"]) == ("offer.pdf", "application/pdf", 14)
    answer, body = download(api, shown["url"])
    assert body == b"%PDF-1.7 hello"
    assert answer["Content-Disposition"] == 'attachment; filename="offer.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Content-Length"] == "14" and "private" in answer["Cache-Control"]
    (kept,) = [path for path in folder.rglob("*") if path.is_file()]
    assert "offer" not in str(kept) and kept.suffix == ""


def test_names_of_every_script_come_back(api):
    shown = upload(api, a_file("Angebot für Zoë – 見積.pdf", b"%PDF-1.7")).json()["data"]
    answer, _ = download(api, shown["url"])
    assert "filename*=utf-8''Angebot%20f%C3%BCr" in answer["Content-Disposition"]


@pytest.mark.parametrize("name", EVIL)
def test_no_hostile_file_can_run(name, api):
    path = shared(f"data/input-abuse/upload/{name}")
    answer = upload(api, SimpleUploadedFile(name, path.read_bytes(), "text/html"))
    if name not in TAKEN:
        assert answer.status_code == 422, answer.content
        assert set(answer.json()["error"]["fields"]) == {"file"}
        return
    shown = answer.json()["data"]
    assert shown["mime_type"] in ("text/plain", "image/jpeg", "application/zip")
    answer, _ = download(api, shown["url"])
    assert answer["Content-Disposition"].startswith("attachment;") and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == shown["mime_type"] and answer["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize(
    ("name", "data", "mime_type", "kept_as"),
    [
        ("list.csv", "Name;Stadt\nZoë;Köln\n".encode("latin-1"), "text/csv", "list.csv"),
        ("list.csv", "Name\tOrt\nZoë\tKöln\n".encode("utf-16"), "text/csv", "list.csv"),
        ("notes.md", b"# Hello", "text/plain", "notes.md"),
        ("BM.txt", b"BM is how a bitmap begins", "text/plain", "BM.txt"),
        ("run.php", b"<b@x.example> wrote: hello", "text/plain", "run.php.txt"),
        ("face.exe", a_picture().read(), "image/png", "face.exe.png"),
        ("../../etc/pass\u202ewd.pdf", b"%PDF-1.4", "application/pdf", "passwd.pdf"),
        ("", b"%PDF-1.4", "application/pdf", "file.pdf"),
        ("a" * 400 + ".pdf", b"%PDF-1.4", "application/pdf", "a" * 190 + ".pdf"),
    ],
)
def test_the_kind_is_judged_by_content(name, data, mime_type, kept_as, rep, scope):
    from activity.storing import keep

    file = SimpleUploadedFile("x", data)
    file._name = name
    row = keep(file, organization=rep.organization, by=rep)
    assert (row.mime_type, row.file_name) == (mime_type, kept_as)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.txt", b""),
        ("program.exe", b"MZ\x90\x00\x03\x00\x00\x00"),
        ("program", b"\x7fELF\x02\x01\x01\x00"),
        ("a.bin", bytes(range(256))),
        ("cut.csv", "Zoë".encode("utf-16")[:-1] + b""),
        ("page.txt", b"\xef\xbb\xbf \n<!-- x --><html>"),
        ("page.txt", "<svg onload=x>".encode("utf-16")),
        ("a.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00"),
        ("font.woff", b"wOFF\x00\x01\x00\x00"),
    ],
)
def test_what_is_not_on_the_list_is_refused(name, data, api):
    answer = upload(api, SimpleUploadedFile(name, data, "text/plain"))
    assert answer.status_code == 422, answer.content
    assert "file" in answer.json()["error"]["fields"]


def test_twenty_five_megabytes_and_no_more(api, monkeypatch, rep, scope):
    from activity import storing

    class Large(BytesIO):
        name, size = "large.txt", storing.FILE_LIMIT + 1

    with pytest.raises(Exception, match="at most 25 MB"):
        storing.keep(Large(b"x"), organization=rep.organization, by=rep)
    answer = api.generic(
        "POST",
        "/api/storage-file/add",
        b"x",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(30 * 1024 * 1024),
    )
    assert answer.status_code == 422 and answer.json()["error"]["fields"] == {"file": ["must be at most 25 MB"]}


@pytest.mark.parametrize("body", [{}, {"file": "words"}])
def test_a_file_is_needed(body, api):
    assert api.post("/api/storage-file/add", body, format="multipart").status_code == 422


def test_json_is_the_wrong_kind_of_body(api):
    assert api.post("/api/storage-file/add", {"file": "x"}).status_code == 400


def test_nobody_elses_file_is_there(api, outsider_api, browser, outsider):
    url = upload(outsider_api, a_file()).json()["data"]["url"]
    for number in (url, "/api/storage-file/0/download", "/api/storage-file/x/download", f"/api/storage-file/{10**25}/download"):
        assert api.get(number).status_code == 404
    assert browser.get(f"/files/{url.split('/')[3]}").status_code == 404


def test_a_file_that_the_storage_lost_is_missing(api, rep):
    url = upload(api, a_file()).json()["data"]["url"]
    with org_scope(rep.organization):
        default_storage.delete(StoredFile.objects.get().name)
    assert api.get(url).status_code == 404


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_bytes_of_deleted_files_go_after_thirty_days(api, rep, folder):
    from datetime import timedelta

    from django.utils.timezone import now

    ids = [upload(api, a_file(f"{n}.txt")).json()["data"]["id"] for n in range(3)]
    with org_scope(rep.organization):
        StoredFile.objects.filter(pk=ids[0]).update(deleted_at=now() - timedelta(days=31))
        StoredFile.objects.filter(pk=ids[1]).update(deleted_at=now() - timedelta(days=29))
    background.remove_deleted_files()
    background.remove_deleted_files()
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 2
    with org_scope(rep.organization):
        assert set(StoredFile.objects.values_list("pk", flat=True)) == set(ids[1:])


def test_clean_names():
    assert clean_name('a"b<c>.pdf', "application/pdf") == "abc.pdf"
    assert clean_name("C:\\x\\y.docx", "application/zip") == "y.docx"
    assert clean_name(".htaccess", "text/plain") == "htaccess.txt"
    assert clean_name("..", "image/png") == "file.png"


# ----------------------------------------------------------------------------- files of records
CLOUD = {"id": "f1", "name": "Plan.pdf", "mime_type": "application/pdf", "web_url": "https://drive.example/f1"}


def attach(api, lead, **more):
    return api.post(
        "/api/file/attach", {"provider": "google_drive", "subject_type": "lead", "subject_id": lead.pk, "file": CLOUD} | more
    )


def test_a_cloud_file_is_linked_and_listed(api, rep):
    lead = make_lead(rep.organization, by=rep)
    answer = attach(api, lead)
    assert answer.status_code == 201
    shown = answer.json()["data"]
    assert (shown["provider"], shown["subject_type"], shown["subject_id"], shown["category"], shown["file"]) == (
        "google_drive",
        "lead",
        lead.pk,
        "document",
        CLOUD,
    )
    listed = api.get("/api/file/list", {"subject_type": "lead", "subject_id": lead.pk}).json()
    assert listed["total"] == 1 and listed["data"][0]["id"] == shown["id"]


def test_the_list_filters(api, rep):
    lead = make_lead(rep.organization, by=rep)
    attach(api, lead)
    attach(api, lead, provider="box", file=CLOUD | {"name": "face.png", "mime_type": "image/png"})
    api.post("/api/lead/document/add", {"lead_id": lead.pk, "file": a_file()}, format="multipart")

    def names(**params):
        body = api.get("/api/file/list", {"subject_type": "lead", "subject_id": lead.pk, **params}).json()
        return [row["file"]["name"] for row in body["data"]]

    assert names() == ["offer.txt", "face.png", "Plan.pdf"]
    assert (
        names(provider="box") == ["face.png"]
        and names(category="image") == ["face.png"]
        and names(provider="lio") == ["offer.txt"]
    )
    assert names(search_value="plan") == ["Plan.pdf"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"provider": "ftp"}, 422),
        ({"provider": "lio"}, 422),
        ({"subject_type": "user"}, 422),
        ({"subject_id": 0}, 404),
        ({"subject_type": "deal"}, 404),
        ({"subject_id": "x"}, 422),
        ({"file": None}, 422),
        ({"file": "x"}, 422),
        ({"file": {}}, 422),
        ({"file": CLOUD | {"web_url": "javascript:alert(1)"}}, 422),
        ({"file": CLOUD | {"web_url": "ftp://x"}}, 422),
        ({"file": CLOUD | {"name": ""}}, 422),
        ({"file": {**CLOUD, "mime_type": None}}, 201),
        ({"file": CLOUD | {"id": 12}}, 201),
        ({"subject_type": {}}, 422),
        ({"file": CLOUD | {"name": ["x"]}}, 422),
    ],
)
def test_what_may_be_attached(change, status, api, rep):
    answer = attach(api, make_lead(rep.organization, by=rep), **change)
    assert answer.status_code == status, answer.content
    if status == 422:
        assert answer.json()["error"]["fields"]


def test_another_organisations_records_have_no_files(api, outsider, outsider_api):
    lead = make_lead(outsider.organization, by=outsider)
    attach(outsider_api, lead)
    assert attach(api, lead).status_code == 404
    assert api.get("/api/file/list", {"subject_type": "lead", "subject_id": lead.pk}).status_code == 404


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"subject_type": "lead"},
        {"subject_id": 1},
        {"subject_type": "x", "subject_id": 1},
        {"subject_type": "lead", "subject_id": "x"},
        {"subject_type": "lead", "subject_id": 1, "provider": "x"},
    ],
)
def test_the_list_names_one_record(params, api):
    assert api.get("/api/file/list", params).status_code == 400
