"""The script on somebody's own site, in a real browser: what it sends, what becomes of it, and whom it leaves alone."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.browser.stage import until


@pytest.fixture(scope="module")
def shop():
    """shop(snippet) -> address of a site on another port, each of whose pages has the snippet."""
    found = {"snippet": ""}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            body = f"<!doctype html><title>Shop</title><link rel=icon href=data:,>{found['snippet']}<h1>{self.path[:20]}</h1>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *words):
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def opened(snippet):
        found["snippet"] = snippet
        return f"http://127.0.0.1:{server.server_port}"

    yield opened
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def snippet(acme):
    """What is to be put on the site, after an admin has switched it on by the API."""
    told = acme.post("/api/intent-alert/settings", {
        "site_tracking": True, "site_hosts": ["127.0.0.1"],
        "site_rules": [{"pattern": "/pricing*", "signal_type": "pricing_page_visit"}]}, method="PUT")["data"]
    return f'<script src="{acme.url}/site/lio.js" data-key="{told["site_key"]}" async></script>'


def signals_of(acme, lead):
    return [row["signal_type"] for row in acme.get(f"/api/intent-alert/lead/{lead}")]


def sent_by(page):
    """A list that grows by what the page sends to LIO: (method, cookies, body)."""
    sent = []
    page.on("request", lambda one: sent.append((one.method, one.headers.get("cookie"), one.post_data))
            if "/track/site" in one.url else None)
    return sent


def test_it_is_set_up_and_a_page_view_becomes_a_signal(visit, acme, shop):
    ada = visit("ada@acme.example")
    ada.goto("/settings/site")
    ada.get_by_label("Watch my site").check()
    ada.get_by_label("Your site").fill("127.0.0.1")
    ada.get_by_label("Page 1", exact=True).fill("/pricing*")
    ada.get_by_label("Signal of page 1", exact=True).select_option(label="Pricing page visit")
    ada.get_by_role("button", name="Save").click()
    expect(ada.locator("#toasts")).to_contain_text("Saved")
    ada.get_by_label("Path").fill("/pricing/teams")
    ada.get_by_role("button", name="Try").click()
    expect(ada.locator("p[role=status]")).to_contain_text("Pricing page visit")
    site = shop(ada.get_by_label("For your site").input_value())

    lead = acme.lead(first_name="Vera", last_name="Visitor", email="vera@visitor.example")
    page = visit()
    sent = sent_by(page)
    page.goto(f"{site}/pricing?coupon=secret")
    until(lambda: len(sent) == 1, 20)
    page.wait_for_function("localStorage.lio_visitor")
    page.evaluate("history.pushState({}, '', '/about#top')")
    page.evaluate("lio.identify('Vera@Visitor.example')")
    until(lambda: len(sent) == 3, 20)
    assert all(cookies is None for _, cookies, _ in sent) and "secret" not in str(sent)
    until(lambda: signals_of(acme, lead) == ["pricing_page_visit"], 40)
    assert page.context.cookies() == []
    number = page.evaluate("localStorage.lio_visitor")
    page.goto(f"{site}/")
    page.wait_for_function("window.lio")
    assert page.evaluate("localStorage.lio_visitor") == number
    ada.reload()
    expect(ada.locator("main")).to_contain_text("views in the last 24 hours")


def test_a_link_to_a_hosted_form_says_who_fills_it_in(visit, acme, shop, snippet):
    form = acme.post("/api/web-forms", {"name": "From the shop"})["data"]
    page = visit()
    link = f"<a href='{form['url']}'>Ask us</a>"
    page.goto(f"{shop(snippet + link)}/pricing")
    page.wait_for_function("localStorage.lio_visitor")
    page.get_by_role("link", name="Ask us").click()
    page.get_by_label("First name").fill("Lena")
    page.get_by_label("Last name").fill("Linked")
    page.get_by_label("Email").fill("lena@linked.example")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you")
    lead = acme.get("/api/lead/list?search_value=lena@linked.example")[0]["id"]
    until(lambda: set(signals_of(acme, lead)) == {"form_submitted", "pricing_page_visit"}, 40)


@pytest.mark.parametrize("refusal", ["globalPrivacyControl", "doNotTrack"])
def test_who_asks_not_to_be_tracked_leaves_no_trace(visit, shop, snippet, refusal):
    page = visit()
    sent = sent_by(page)
    page.add_init_script(f"Object.defineProperty(navigator, '{refusal}', {{ value: '1' }})")
    page.goto(f"{shop(snippet)}/pricing")
    page.wait_for_function("window.lio")
    page.evaluate("lio.start(); lio.identify('vera@visitor.example'); history.pushState({}, '', '/pricing/2')")
    page.goto(f"{shop(snippet)}/pricing/3", wait_until="networkidle")
    assert sent == [] and page.evaluate("localStorage.length") == 0


def test_a_site_that_asks_first(visit, shop, snippet):
    page = visit()
    sent = sent_by(page)
    page.goto(f"{shop(snippet.replace(' async', ' async data-wait'))}/pricing", wait_until="networkidle")
    page.evaluate("lio.identify('vera@visitor.example')")
    assert sent == [] and page.evaluate("localStorage.length") == 0
    page.evaluate("lio.start()")
    until(lambda: len(sent) == 1, 20)
    page.evaluate("lio.stop(); history.pushState({}, '', '/pricing/2')")
    assert page.evaluate("localStorage.length") == 0 and len(sent) == 1
