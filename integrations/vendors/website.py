"""A company's own website as a source of facts about it: its home page, and one page about it or to contact it.

What a company marks up about itself (schema.org, Open Graph) is its own word, so it counts as verified; what is guessed from a
title or a link is not. robots.txt is obeyed on every host on the way. Whatever goes wrong is a `problem`, never a retry: a
dead website is dead tomorrow, too.
"""

import re
from time import monotonic
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import phonenumbers
import tldextract
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from integrations.ports import COMPANY, Finding, Found
from integrations.vendors.facts import band, country_name, industry, types, year
from integrations.vendors.webpage import Webpage, clean
from lio.outbound import AGENT, OutboundError, Refused, TooBig, Unreachable, fetch

SECONDS = 20  # for all of it
PAGE_SECONDS, ROBOTS_SECONDS = 8, 4
PAGE_BYTES, ROBOTS_BYTES = 3_000_000, 500_000
PLATFORMS = {"linkedin.com", "facebook.com", "instagram.com", "twitter.com", "x.com", "youtube.com", "github.com", "xing.com",
             "google.com", "goo.gl", "tiktok.com", "linktr.ee", "yelp.com", "wikipedia.org"}  # fmt: skip
NOTHING = ["User-agent: *", "Disallow: /"]
FOR_SALE = re.compile(r"\b(domain (is )?(for sale|parked|expired)|buy this domain|parked (domain|page)|coming soon)\b", re.I)
FURTHER = [re.compile(words, re.I) for words in (
    r"\b(contact|kontakt|contacto|contatti|contato)", r"\b(impressum|imprint|legal-?notice|mentions-legales)\b",
    r"\b(about|ueber|über|a-propos|chi-siamo|quienes)")]  # fmt: skip
BUSINESS = re.compile(r"(Organization|Corporation|Business|Store|Agency|Company|Service|Consultancy|NGO|School|University)$")
PROFILES = {  # field: what an address of such a profile looks like; the group is the profile itself
    "linkedin_url": (re.compile(r"https?://(?:[a-z]{2,3}\.)?linkedin\.com/((?:company|school)/[\w%.&-]{1,120})", re.I),
                     "https://www.linkedin.com/{}", set()),
    "x_url": (re.compile(r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/@?(\w{1,15})/?(?:[?#].*)?$", re.I), "https://x.com/{}",
              {"share", "intent", "home", "search", "hashtag", "login", "i"}),
    "facebook_url": (re.compile(r"https?://(?:[a-z-]+\.)?facebook\.com/(?!p/|pages/)([\w.-]{3,80})/?(?:[?#].*)?$", re.I),
                     "https://www.facebook.com/{}", {"sharer", "sharer.php", "share.php", "share", "plugins", "tr", "dialog",
                                                     "login", "groups", "events", "profile.php"}),
    "github_url": (re.compile(r"https?://(?:www\.)?github\.com/([\w-]{1,39})/?(?:[?#].*)?$", re.I), "https://github.com/{}",
                   {"features", "about", "pricing", "login", "join", "sponsors", "topics", "apps", "orgs", "marketplace"}),
}  # fmt: skip

_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)  # asks nobody


class Website:
    name = provider = "website"
    cost = 0

    def find(self, query, known):
        """What the company says of itself. Looks up companies only; `known` may tell the website of one without."""
        address = _address(query, known)
        if not address:
            return Found(problem="No website is known.")
        try:
            return Visit(address).found()
        except OutboundError as error:
            return Found(problem=str(error))


def _address(query, known):
    """Where the website is: as the record says, else as an earlier source found. "" for a profile on somebody else's site."""
    told = [finding for finding in known if finding.of == COMPANY and finding.field in ("website", "domain")]
    best = sorted(told, key=lambda finding: (finding.field == "website", finding.confidence), reverse=True)
    for given in (query.website, query.domain, *(finding.value for finding in best)):
        if not given or not isinstance(given, str):
            continue
        address = given.strip() if "//" in given else f"https://{given.strip()}"
        if (home := registered(address)) and home not in PLATFORMS:
            return address
    return ""


def registered(address):
    """The registered domain of an address; "" when it has none (a bare name, a number)."""
    try:
        return _suffixes(urlsplit(address).hostname or "").top_domain_under_public_suffix
    except ValueError:
        return ""


class Visit:
    """One visit of a website: at most two pages, and the robots.txt of each host on the way."""

    def __init__(self, address):
        self.address, self.home, self.until = address, registered(address), monotonic() + SECONDS
        self.rules: dict[str, RobotFileParser] = {}
        self.findings: dict[str, Finding] = {}

    def found(self):
        answer = self.first_answer()
        if problem := self.problem_of(answer):
            return Found(problem=problem)
        page = Webpage(answer.body, answer.headers.get("Content-Type", ""))
        if FOR_SALE.search(page.title):
            return Found(problem=f"{self.home} seems to be for sale.")
        parts = urlsplit(answer.url)
        self.add("website", f"{parts.scheme}://{parts.netloc}", 0.95, "it answers there", verified=True)
        self.read(page, answer.url, is_home=True)
        missing = {"address", "phone_number", "contact_email"} - self.findings.keys()
        if missing and (link := self.further(page, answer.url)):
            self.read_further(link)
        return Found(list(self.findings.values()), hit=True)

    # ------------------------------------------------------------------ going there
    def first_answer(self):
        """The home page: as given, else with www, else without TLS."""
        parts = urlsplit(self.address)
        host, rest = parts.netloc, parts.path or "/"
        tries = [self.address, f"http://{host}{rest}"]
        if host == self.home:
            tries.insert(1, f"https://www.{host}{rest}")
        for n, address in enumerate(dict.fromkeys(tries), 1):
            try:
                return self.get(address)
            except Unreachable:
                if n == len(set(tries)):
                    raise
        raise AssertionError("there is always an address to try")

    def get(self, address):
        left = max(0.1, self.until - monotonic())
        return fetch(address, seconds=min(PAGE_SECONDS, left), max_bytes=PAGE_BYTES, permit=self.permit,
                     headers={"Accept": "text/html,application/xhtml+xml"})

    def permit(self, address):
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self.rules:
            self.rules[origin] = robots(origin)
        if not self.rules[origin].can_fetch(AGENT, address):
            raise Refused(f"{parts.hostname} does not want programs to read it (robots.txt).")

    def problem_of(self, answer):
        host = urlsplit(answer.url).hostname
        if registered(answer.url) != self.home:
            return f"{self.home} leads to another site, {host}."
        if answer.status != 200:
            return f"{host} answers {answer.status}."
        kind = answer.headers.get("Content-Type", "text/html").lower()
        return "" if "html" in kind else f"{host} answers with something that is no web page."

    def further(self, page, base):
        """The page to contact the company, its imprint, or the one about it, on its own site."""
        for wanted in FURTHER:
            for href, words in page.links:
                address = joined(base, href).split("#")[0]
                if registered(address) == self.home and address != base and (wanted.search(address) or wanted.search(words)):
                    return address
        return ""

    def read_further(self, address):
        try:
            answer = self.get(address)
        except OutboundError:
            return
        if not self.problem_of(answer):
            self.read(Webpage(answer.body, answer.headers.get("Content-Type", "")), answer.url, is_home=False)

    # ------------------------------------------------------------------ what is there
    def add(self, field, value, confidence, why, *, verified=False):
        if value and field not in self.findings:
            self.findings[field] = Finding(COMPANY, field, value, "website", confidence, verified, why)

    def read(self, page, base, *, is_home):
        self.read_things(page.things, base)
        if is_home:
            self.read_head(page)
        self.read_links(page.links, base)

    def read_things(self, things, base):
        """Objects of schema.org: the one that is the company itself."""
        own = [thing for thing in things if self.is_own(thing, base)]
        for thing in sorted(own, key=len, reverse=True):
            why = "its website says so in schema.org"
            self.add("company_name", clean(thing.get("name") or thing.get("legalName"), 200), 0.95, why, verified=True)
            self.add("summary", clean(thing.get("description"), 1000), 0.9, why, verified=True)
            self.add("employee_size", band(thing.get("numberOfEmployees")), 0.9, why, verified=True)
            self.add("founded", year(thing.get("foundingDate")), 0.9, why, verified=True)
            self.add("logo_url", picture(thing.get("logo"), base), 0.9, why, verified=True)
            self.add("industry_type", industry(types(thing)), 0.6, "the kind of business that its website names")
            region = self.read_place(thing.get("address"), why)
            self.add_phone(thing.get("telephone"), region, why)
            self.add_email(thing.get("email"), why)
            same = thing.get("sameAs")
            self.read_profiles([same] if isinstance(same, str) else same if isinstance(same, list) else [], 0.95, why)

    def is_own(self, thing, base):
        if not any(BUSINESS.search(kind) for kind in types(thing)) and not (
            isinstance(thing.get("address"), dict) and thing.get("telephone")):  # fmt: skip
            return False
        address = thing.get("url")
        return not isinstance(address, str) or registered(joined(base, address[:2000])) in ("", self.home)

    def read_place(self, places, why):
        """Street, town and country of a PostalAddress; answers its country as two letters, or ""."""
        place = places[0] if isinstance(places, list) and places else places
        if isinstance(place, str):
            self.add("address", clean(place, 300), 0.8, why, verified=True)
        if not isinstance(place, dict):
            return ""
        for field, name, most in (("address", "streetAddress", 300), ("city", "addressLocality", 100),
                                  ("state", "addressRegion", 100), ("pin_code", "postalCode", 20)):  # fmt: skip
            self.add(field, clean(place.get(name), most), 0.9, why, verified=True)
        country = place.get("addressCountry")
        country = clean(country.get("name") if isinstance(country, dict) else country, 100)
        code = country.upper() if len(country) == 2 else ""
        self.add("country", country_name(code) if code else country, 0.9, why, verified=True)
        return code

    def add_phone(self, text, region, why):
        number = clean(text[0] if isinstance(text, list) and text else text, 40)
        top = self.home.rsplit(".", 1)[-1].upper()
        region = region or {"UK": "GB"}.get(top, top)
        try:
            parsed = phonenumbers.parse(number, region if region in phonenumbers.SUPPORTED_REGIONS else None)
        except phonenumbers.NumberParseException:
            return
        if phonenumbers.is_valid_number(parsed):
            shown = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
            self.add("phone_number", shown, 0.9, why, verified=True)

    def add_email(self, text, why):
        email = clean(text, 254).removeprefix("mailto:").lower()
        try:
            validate_email(email)
        except ValidationError:
            return
        own = registered(f"https://{email.rsplit('@', 1)[1]}") == self.home
        self.add("contact_email", email, 0.9 if own else 0.5, why, verified=own)

    def read_head(self, page):
        site, label = page.meta.get("og:site_name") or page.meta.get("application-name") or "", self.home.split(".")[0]
        own = belongs(site, label)
        self.add("company_name", site[:200], 0.85 if own else 0.6, "its website calls itself so", verified=own)
        parts = [part.strip() for part in re.split(r"\s[|\-–—·:»•]\s|\s?[|»•]\s?", page.title)]
        named = next((part for part in parts if belongs(part, label) and len(part) <= 80), "")
        self.add("company_name", named, 0.7, "from the title of its website")
        for name, confidence in (("description", 0.85), ("og:description", 0.8)):
            if len(text := page.meta.get(name, "")) >= 20:
                self.add("summary", text[:1000], confidence, "its website describes itself so", verified=True)

    def read_links(self, links, base):
        hrefs = [href for href, _ in links]
        self.read_profiles(hrefs, 0.8, "its website links there", only=True)
        for href in hrefs:
            if href.lower().startswith("tel:"):
                self.add_phone(href[4:].replace("%20", " "), "", "its website shows it")
            elif href.lower().startswith("mailto:") and f"@{self.home}" in href.lower():
                self.add_email(href[7:].split("?")[0], "its website shows it")

    def read_profiles(self, addresses, confidence, why, *, only=False):
        """Profiles elsewhere. With `only`, one that is not the only one of its kind is anybody's."""
        for field, (shape, form, others) in PROFILES.items():
            matches = [shape.match(address[:500].strip()) for address in addresses if isinstance(address, str)]
            slugs = list({match[1].lower(): match[1] for match in matches if match and match[1].lower() not in others}.values())
            if slugs and (not only or len(slugs) == 1):
                self.add(field, form.format(slugs[0].rstrip("/")), confidence, why, verified=True)


def robots(origin):
    """The rules of a host. Raises OutboundError when the host does not answer; a broken one forbids all (RFC 9309)."""
    rules = RobotFileParser()
    try:
        answer = fetch(f"{origin}/robots.txt", seconds=ROBOTS_SECONDS, max_bytes=ROBOTS_BYTES)
    except TooBig:
        lines = NOTHING
    else:
        forbids = answer.status in (401, 403, 429) or answer.status >= 500
        text = answer.body.decode("utf-8-sig", "replace") if answer.status == 200 else ""
        lines = NOTHING if forbids else [re.sub(r"(?<=/)\*+\s*$", "", line) for line in text.splitlines()]  # "/*" means "/"
    rules.parse(lines)
    return rules


def joined(base, address):
    """The whole address of a link on a page; "" for what is no address of a page."""
    try:
        found = urljoin(base, address)
        return found if urlsplit(found).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def picture(value, base):
    """The address of a logo, as text; it is not fetched."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("url") or value.get("contentUrl")
    return joined(base, clean(value, 1000)) if isinstance(value, str) else ""


def belongs(name, label):
    """Whether a name fits a domain: `Acme Robotics` and acme, acmerobotics, acme-robotics, ar-acme; or its first letters."""
    short, own = re.sub(r"\W", "", name).lower(), label.replace("-", "").lower()
    first = "".join(word[0] for word in name.lower().split())
    return len(short) > 1 and len(own) > 1 and (short in own or own in short or first == own)
