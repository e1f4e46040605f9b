"""A company's website: what it says of itself is found, what it should not be asked for is not, and nothing it sends hurts."""

import json
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.ports import COMPANY, Finding, Query
from integrations.vendors.facts import band
from integrations.vendors.webpage import Webpage, clean, decoded
from integrations.vendors.website import Website, belongs, registered
from lio.outbound import AGENT

HOME = """<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Robots for warehouses | Acme Robotics</title>
<meta name="description" content="Acme Robotics builds robots that carry boxes &amp; pallets.">
<meta property="og:site_name" content="Acme Robotics"><script>var x = "<title>no</title>";</script>
<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
 {"@type": "WebSite", "name": "Acme site", "url": "https://www.acme.com/"},
 {"@type": "Organization", "name": "Acme Robotics GmbH", "url": "https://www.acme.com/", "telephone": "030 901820",
  "email": "hello@acme.com", "numberOfEmployees": {"@type": "QuantitativeValue", "value": 120}, "foundingDate": "2009-05-01",
  "logo": {"@type": "ImageObject", "url": "/logo.png"}, "description": "We carry boxes.",
  "address": {"@type": "PostalAddress", "streetAddress": "Hauptstr. 1", "addressLocality": "Berlin", "postalCode": "10115",
              "addressCountry": "DE"},
  "sameAs": ["https://www.linkedin.com/company/acme-robotics/", "https://twitter.com/acmerobots"]}]}</script></head>
<body><a href="https://www.facebook.com/acmerobotics?ref=x">Facebook</a><a href="https://www.facebook.com/sharer.php?u=1">Share</a>
<a href="https://github.com/acme">GitHub</a><a href="/kontakt">Kontakt</a></body></html>"""


def serve(server, text, path="/", status=200, kind="text/html", **headers):
    server.expect_request(path).respond_with_data(text, status, headers, content_type=kind)


def no_robots(server):
    serve(server, "", "/robots.txt", 404)


def find(**known):
    found = Website().find(Query(kind=COMPANY, **({"website": "http://acme.com"} | known)), [])
    return found, {finding.field: finding for finding in found.findings}


def asked(server):
    return [request.path for request, _ in server.log]


def test_what_a_company_says_of_itself_is_found(internet):
    no_robots(internet)
    serve(internet, HOME)
    found, by_field = find()
    assert {name: finding.value for name, finding in by_field.items()} == {
        "website": "http://acme.com",
        "company_name": "Acme Robotics GmbH",
        "summary": "We carry boxes.",
        "employee_size": "51-200",
        "founded": "2009",
        "logo_url": "http://acme.com/logo.png",
        "address": "Hauptstr. 1",
        "city": "Berlin",
        "pin_code": "10115",
        "country": "Germany",
        "phone_number": "+49 30 901820",
        "contact_email": "hello@acme.com",
        "linkedin_url": "https://www.linkedin.com/company/acme-robotics",
        "x_url": "https://x.com/acmerobots",
        "facebook_url": "https://www.facebook.com/acmerobotics",
        "github_url": "https://github.com/acme",
    }
    assert found.hit and not found.problem
    assert {finding.of for finding in found.findings} == {COMPANY} and {finding.source for finding in found.findings} == {
        "website"
    }
    assert all(finding.verified and 0 < finding.confidence < 1 and finding.why for finding in found.findings)
    assert asked(internet) == ["/robots.txt", "/"]  # nothing was missing: no second page
    assert all(request.headers["User-Agent"] == AGENT and AGENT.startswith("LIO/") for request, _ in internet.log)


def test_without_markup_the_head_and_links_tell_less_and_less_surely(internet):
    no_robots(internet)
    serve(
        internet,
        """<title>Home - Acme Robotics</title><meta name="Description" content="Robots that carry boxes all day.">
        <a href="tel:+4930901820">Call</a><a href="mailto:info@acme.com?subject=x">Mail</a><a href="mailto:me@gmail.com">Me</a>
        <a href="https://linkedin.com/company/one">1</a><a href="https://linkedin.com/company/two">2</a>""",
    )
    _, found = find()
    assert {name: finding.value for name, finding in found.items()} == {
        "website": "http://acme.com",
        "company_name": "Acme Robotics",
        "summary": "Robots that carry boxes all day.",
        "phone_number": "+49 30 901820",
        "contact_email": "info@acme.com",
    }
    assert not found["company_name"].verified and found["company_name"].confidence == 0.7
    assert "linkedin_url" not in found  # of two nobody knows which


def test_one_further_page_is_read_for_what_is_missing(internet):
    no_robots(internet)
    serve(
        internet, '<title>Acme</title><a href="/blog">Blog</a><a href="/about">About</a><a href="/contact#form">Contact us</a>'
    )
    serve(
        internet,
        '<title>Contact</title><meta name="description" content="How to reach us by phone or mail.">'
        '<a href="mailto:sales@acme.com">Mail</a>',
        "/contact",
    )
    _, found = find()
    assert asked(internet) == ["/robots.txt", "/", "/contact"]
    assert found["contact_email"].value == "sales@acme.com" and "summary" not in found


@pytest.mark.parametrize(
    "rules",
    [
        "User-agent: *\nDisallow: /",
        "User-agent: LIO\nDisallow: /\n\nUser-agent: *\nAllow: /",
        "\ufeffUser-agent: lio\nDisallow: /*",
        "user-AGENT: Lio\ndisallow: /",
    ],
)
def test_a_robots_txt_that_forbids_is_obeyed(internet, rules):
    serve(internet, rules, "/robots.txt", kind="text/plain")
    serve(internet, HOME)
    found, _ = find()
    assert "robots.txt" in found.problem and not found.findings and not found.hit
    assert asked(internet) == ["/robots.txt"]


@pytest.mark.parametrize(
    "rules", ["", "User-agent: *\nDisallow: /private", "User-agent: Googlebot\nDisallow: /", "\0\0 nonsense \xff"]
)
def test_a_robots_txt_that_does_not_forbid_is_no_hindrance(internet, rules):
    serve(internet, rules, "/robots.txt", kind="text/plain")
    serve(internet, HOME)
    assert find()[0].hit


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_broken_robots_txt_forbids(internet, status):
    serve(internet, "", "/robots.txt", status)
    serve(internet, HOME)
    assert find()[0].problem and asked(internet) == ["/robots.txt"]


def test_the_further_page_is_asked_of_robots_txt_too(internet):
    serve(internet, "User-agent: *\nDisallow: /contact", "/robots.txt")
    serve(internet, '<title>Acme</title><a href="/contact">Contact</a>')
    assert find()[0].hit and asked(internet) == ["/robots.txt", "/"]


def test_a_redirect_to_www_is_followed_with_the_rules_of_www(internet):
    no_robots(internet)
    internet.expect_request("/", headers={"Host": "acme.com"}).respond_with_data("", 301, {"Location": "http://www.acme.com/"})
    internet.expect_request("/", headers={"Host": "www.acme.com"}).respond_with_data(HOME, content_type="text/html")
    _, by_field = find()
    assert by_field["website"].value == "http://www.acme.com"
    assert [(request.host, request.path) for request, _ in internet.log] == [
        ("acme.com", "/robots.txt"),
        ("acme.com", "/"),
        ("www.acme.com", "/robots.txt"),
        ("www.acme.com", "/"),
    ]


def test_a_redirect_to_another_company_tells_nothing(internet):
    no_robots(internet)
    internet.expect_request("/", headers={"Host": "acme.com"}).respond_with_data("", 301, {"Location": "http://globex.com/"})
    internet.expect_request("/", headers={"Host": "globex.com"}).respond_with_data(HOME, content_type="text/html")
    found, _ = find()
    assert not found.findings and "another site, globex.com" in found.problem


@pytest.mark.parametrize("where", ["http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://localhost:5432/"])
def test_a_redirect_inward_is_a_problem_and_not_a_request(internet, where):
    no_robots(internet)
    internet.expect_request("/").respond_with_data("", 302, {"Location": where})
    found, _ = find()
    assert found.problem and not found.findings and asked(internet) == ["/robots.txt", "/"]


@pytest.mark.parametrize(
    "known",
    [
        {"website": "http://127.0.0.1/"},
        {"website": "http://localhost/"},
        {"website": ""},
        {"website": "http://[::1]/"},
        {"website": "https://www.linkedin.com/company/acme"},
        {"website": "http://[broken"},
        {"website": "http://facebook.com/acme"},
    ],
)
def test_what_is_no_website_of_a_company_is_not_asked(internet, known):
    found, _ = find(**known)
    assert found.problem == "No website is known." and asked(internet) == []


def test_a_domain_will_do_and_falls_back_to_plain_http(internet):
    """https fails here; the host is asked again without."""
    no_robots(internet)
    serve(internet, HOME)
    found, by_field = find(website="", domain="acme.com")
    assert found.hit and by_field["website"].value == "http://acme.com"


def test_an_earlier_source_may_tell_the_domain(internet):
    no_robots(internet)
    serve(internet, HOME)
    known = [Finding(COMPANY, "domain", "acme.com", "email_domain", 0.9)]
    assert Website().find(Query(kind=COMPANY), known).hit


@pytest.mark.parametrize(
    ("text", "status", "kind", "words"),
    [
        ("gone", 404, "text/html", "answers 404"),
        ("{}", 200, "application/json", "no web page"),
        ("x", 500, "text/html", "answers 500"),
        ("<title>acme.com - this domain is for sale</title>", 200, "text/html", "for sale"),
        ("x" * 3_100_000, 200, "text/html", "more than"),
    ],
)
def test_what_is_no_home_page_is_a_problem(internet, text, status, kind, words):
    no_robots(internet)
    serve(internet, text, status=status, kind=kind)
    found, _ = find()
    assert words in found.problem and not found.findings and not found.hit


def test_a_host_that_is_not_there_is_a_problem(internet):
    found, _ = find(website="https://www.nowhere.com")
    assert "no host" in found.problem


def test_facts_about_somebody_else_are_left_out(internet):
    """An agency's or a parent's own data in the same page, told by another address or another kind of thing."""
    no_robots(internet)
    things = [
        {"@type": "Organization", "name": "Big Agency", "url": "https://agency.com", "telephone": "+1 212 555 2368"},
        {"@type": "Person", "name": "Jane"},
        {"@type": "Product", "name": "Robot"},
        {"@type": "Article", "author": {"name": "x"}},
    ]
    serve(internet, f'<title>Acme</title><script type="application/ld+json">{json.dumps(things)}</script>')
    _, found = find()
    assert found["company_name"].value == "Acme" and "phone_number" not in found


ODD = [
    "[]",
    "null",
    "1",
    '"text"',
    "{}",
    "[[[]]]",
    '[{"@type": null}]',
    '{"@type": {"a": 1}}',
    '{"@type": ["Organization", 7]}',
    "{",
    '{"@type": "Organization", "name": {"@value": "x"}, "address": 7, "telephone": {}, "email": [], "sameAs": {"a": 1}}',
    '{"@type": "Organization", "name": "\\ud800\\u0000x", "url": "http://[", "logo": ["http://["], "numberOfEmployees": 1e999}',
    '{"@type": "Organization", "address": [[]], "sameAs": [1, null, "javascript:alert(1)"], "foundingDate": -5, "logo": 1}',
    '{"@type": "LocalBusiness", "numberOfEmployees": "many", "address": {"addressCountry": {"name": 5}}, "name": 12}',
    "[" * 100_000,
    '{"@graph": ' * 20_000,
    "9" * 10_000,
    '{"@type": "Organization", "name": "' + "x" * 100_000 + '"}',
]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_json_is_survived(internet, text):
    no_robots(internet)
    serve(internet, f'<title>Acme</title><script type="application/ld+json">{text}</script>')
    found, by_field = find()
    assert found.hit and by_field["website"]
    for finding in found.findings:
        assert isinstance(finding.value, str) and len(finding.value) <= 1000
        finding.value.encode()  # no half of a pair that PostgreSQL would refuse
        assert "\0" not in finding.value and not finding.value.startswith("javascript")


HOSTILE = {
    "nested": "<div>" * 100_000,
    "comments": "<!--" * 100_000,
    "open tags": "<a " * 200_000,
    "quotes": "<a b='" * 100_000,
    "entities": "<title>" + "&amp;" * 100_000,
    "numbers": "<title>" + "&#" * 200_000,
    "marked": "<![CDATA[" * 50_000,
    "odd marked": "<![x[ <![y <title>Acme</title>",
    "declarations": "<!" * 200_000,
    "instructions": "<?" * 200_000,
    "ends": "</" * 200_000,
    "attributes": "<a " + "b=1 " * 200_000,
    "metas": "<meta name=a content=b>" * 30_000,
    "scripts": "<script>" * 50_000,
    "json": '<script type="application/ld+json">{}</script>' * 10_000,
    "links": "<a href=x>y</a>" * 40_000,
    "zeros": "\0" * 500_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_html_ends_soon(text):
    started = monotonic()
    page = Webpage(text.encode())
    assert monotonic() - started < 5
    assert len(page.links) <= 1000 and len(page.things) <= 500 and len(page.meta) <= 300


@given(st.text(alphabet="<>/!-[]?&;#='\" abcx\n\0é", max_size=400), st.binary(max_size=60))
def test_any_text_is_read_without_an_error(text, tail):
    page = Webpage(text.encode() + tail)
    assert isinstance(page.title, str)


def test_script_in_a_title_is_text(internet):
    no_robots(internet)
    name = '<meta property="og:site_name" content="<img src=x onerror=1> Acme">'
    serve(internet, f"<title>&lt;script&gt;alert(1)&lt;/script&gt; Acme</title>{name}")
    _, found = find()
    assert found["company_name"].value == "<img src=x onerror=1> Acme"  # shown escaped, as every text is


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        ("Müller".encode(), "", "Müller"),
        ("Müller".encode("cp1252"), "", "Müller"),
        ("Müller".encode("latin-1"), "text/html; charset=ISO-8859-1", "Müller"),
        ("\ufeffMüller".encode("utf-16"), "", "\ufeffMüller"),
        (b"\xef\xbb\xbfM", "", "M"),
        ("Привет".encode("cp1251"), 'x; charset="windows-1251"', "Привет"),
        (b"<meta charset=shift_jis>" + "日本".encode("shift_jis"), "", "<meta charset=shift_jis>日本"),
        (b"abc", "x; charset=zip", "abc"),
        (b"abc", "x; charset=punycode", "abc"),
        (b"+ADw-", "x; charset=utf-7", "+ADw-"),
        (b"\\u0041", "x; charset=unicode_escape", "\\u0041"),
        (b"ab\xff\xfe", "x; charset=utf-8", "ab\ufffd\ufffd"),
        ("aé".encode()[:-1], "", "a\ufffd"),
    ],
    ids=range(13),
)
def test_a_page_is_decoded_as_browsers_do(data, kind, text):
    assert decoded(data, kind) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (7, "1-10"),
        (51, "51-200"),
        ("51-200", "51-200"),
        ("1.000+", "501-1000"),
        ("about 12,000 people", "10001+"),
        ({"minValue": 201, "maxValue": 500}, "201-500"),
        ({"value": "75"}, "51-200"),
        (True, ""),
        (-3, ""),
        (None, ""),
        ("many", ""),
        ([], ""),
    ],
)
def test_sizes_come_in_bands(value, shown):
    assert band(value) == shown


@pytest.mark.parametrize(
    ("name", "label", "fits"),
    [
        ("Acme Robotics", "acme", True),
        ("Acme", "acme-robotics", True),
        ("International Business Machines", "ibm", True),
        ("Home", "acme", False),
        ("", "acme", False),
        ("Willkommen", "acme", False),
        ("!", "a", False),
    ],
)
def test_a_name_fits_its_domain(name, label, fits):
    assert belongs(name, label) is fits


def test_registered_domains():
    assert registered("https://shop.acme.co.uk/x") == "acme.co.uk"
    assert registered("http://10.0.0.1/") == registered("http://localhost/") == registered("nonsense") == ""


def test_direction_and_control_characters_go():
    assert clean("A\u202ecme\u0007 \n Ltd\u00a0x", 50) == "Acme Ltd x"
