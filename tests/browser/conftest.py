"""Real Chromium before a real LIO. What the tests need is made through the command line and the API, as users would."""

import shutil
from urllib.parse import urlsplit, urlunsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect, sync_playwright

from tests.browser.stage import PASSWORD, Stage

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-features=LocalNetworkAccessChecks",  # other people's sites, played by the tests, frame this machine's pages
]
expect.set_options(timeout=15_000)  # milliseconds; a busy machine is slow, not wrong
DESK, PHONE = {"width": 1360, "height": 800}, {"width": 390, "height": 844}
# in light every rule; then, of a page that was checked in full, what dark or a phone can make wrong
RULES = {"light": (), "dark": ["color-contrast"], "phone": ["color-contrast", "target-size", "scrollable-region-focusable"]}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# once the page has been laid out anew; colours that still change would be judged half way
SETTLED = """async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
    document.getAnimations().filter(one => one instanceof CSSTransition).forEach(one => one.finish())
    return innerWidth
}"""


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def stage(tmp_path_factory):
    """LIO with a database made for these tests."""
    from lio.settings import DATABASE_URLS, database
    from tests.conftest import _administer

    owner = database(DATABASE_URLS["owner"], prepared=False)
    folder = tmp_path_factory.mktemp("browser")
    name = f"test_{owner['NAME']}_browser_{abs(hash(str(folder))) % 10**8}"
    urls = {role: urlunsplit(urlsplit(url)._replace(path=f"/{name}")) for role, url in DATABASE_URLS.items()}
    _administer(owner, f'CREATE DATABASE "{name}"')
    stage = Stage(urls, folder)
    try:
        stage.manage("migrate", "--verbosity=0", "--no-input")
        stage.start()
        yield stage
    finally:
        stage.stop()
        _administer(owner, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="package")
def acme(stage):
    """The API as the Admin of an organisation sees it; it has leads and a second member."""
    api = stage.found("Acme", "ada@acme.example")
    api.member("rob@acme.example")
    for n in range(30):
        api.lead(
            first_name=f"Row{n:02}",
            last_name="Seed",
            email=f"row{n}@seed.example",
            company=f"Seed {n % 4} Ltd",
            job_title=["CEO", "Student", "Head of Sales", "Buyer"][n % 4],
            country=["Germany", "France"][n % 2],
        )
    return api


@pytest.fixture(scope="package")
def globex(stage):
    """Another organisation."""
    return stage.found("Globex", "gil@globex.example")


@pytest.fixture(scope="package")
def chromium():
    # inside the package: while it runs, this thread has an event loop, and Django refuses database calls beside one
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def signed_in():
    """{email: cookies} of those who have signed in, so that not every test needs to."""
    return {}


@pytest.fixture
def visit(chromium, stage, signed_in):
    """`visit(email)` opens a browser, signed in as that member (or nobody); answers its page.

    Whatever any page then says on its console, throws, or opens as a dialog makes the test fail at its end. `anew` signs in
    anew, for tests that end the session.
    """
    contexts, complaints = [], []

    def open_page(email=None, anew=False, **options):
        if email in signed_in and not anew:
            options = {"storage_state": signed_in[email]} | options
        context = chromium.new_context(
            base_url=stage.url, **{"viewport": DESK, "locale": "en-GB", "timezone_id": "UTC"} | options
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        context.on("console", lambda message: heard(message.text) if message.type in ("error", "warning") else None)
        context.on("weberror", lambda error: complaints.append(f"script: {error.error}"))
        context.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page = context.new_page()
        page.said = complaints
        if email and (anew or email not in signed_in):
            sign_in(page, email)
            if not anew:
                signed_in[email] = context.storage_state()
        return page

    def heard(text):
        # Chromium reports every answer of 400 or more; which of them are right is what tests check themselves
        # and htmx each refresh of a part that a newer one replaces (hx-sync), in two lines: the end and the reason
        replaced = text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
        if not replaced and not text.startswith("Failed to load resource: the server responded with a status of 4"):
            complaints.append(text)

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, complaints


def sign_in(page, email, password=PASSWORD):
    page.goto("/sign-in")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/leads/")


@pytest.fixture(scope="package")
def axe():
    """`axe(page)` answers what is wrong with the page as it stands, or with `part` of it (a selector), one line each."""

    def check(page, part=None, rules=()):
        if page.evaluate("typeof axe") == "undefined":  # half a megabyte, once for each page that is loaded
            page.evaluate(AXE_SCRIPT)
        only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": STANDARDS}
        options = {"runOnly": only, "resultTypes": ["violations"]}
        found = page.evaluate("([part, options]) => axe.run(part || document, options)", [part, options])["violations"]
        return [f"{page.url} {rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]

    return check


@pytest.fixture(scope="package")
def sound(axe):
    """`sound(page)` answers what is wrong with the page as it stands, one line each: in light, in dark and on a phone.

    What is open stays open meanwhile. `part` is for axe; that nothing is wider than the window goes for all of the page.
    `full` takes every rule in every look. Afterwards the page is light and on the desk again, but Chromium believes in fingers
    (`hover: none`) until the next page is loaded.
    """

    def look_at(page, look, fingers):
        page.set_viewport_size(PHONE if look == "phone" else DESK)
        page.emulate_media(color_scheme="dark" if look == "dark" else "light")
        fingers.send("Emulation.setTouchEmulationEnabled", {"enabled": look == "phone"})  # as `has_touch` does for a context
        assert page.evaluate(SETTLED) == page.viewport_size["width"]

    def check(page, part=None, looks=tuple(RULES), full=False):
        found, fingers = [], page.context.new_cdp_session(page)
        for look in looks:
            look_at(page, look, fingers)
            lines = axe(page, part, () if full else RULES[look])
            wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if wider > 0:
                lines.append(f"{page.url} is {wider} px wider than the window")
            found += [f"{look}: {line}" for line in lines]
        look_at(page, "light", fingers)
        fingers.detach()
        return found

    return check
