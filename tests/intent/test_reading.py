"""Who it was, and which signals hits make: pure functions, whatever the order in which hits come."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intent.tracking.classifying import Hit, classify, look, network_of
from intent.tracking.reading import classes, wanted

AT = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
OPENED = {  # agents as they come, and what fetches a picture with them
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)": "mail_proxy",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html": "mail_proxy",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 "
    "Edge/12.246 Mozilla/5.0": "prefetch",
    "Mozilla/5.0": "prefetch",
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; ms-office; MSOffice 16)": "human",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)": "human",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148": "human",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0": "human",
    "Mozilla/5.0 (Linux; Android 12; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile": "human",
    "Barracuda Sentinel (EE)": "scanner",
    "Mozilla/5.0 (compatible; Mimecast URL Protect)": "scanner",
    "Proofpoint URL Defense": "scanner",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/120 Safari/537.36": "scanner",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "scanner",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36": "scanner",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)": "scanner",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)": "scanner",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)": "scanner",
    "WhatsApp/2.23.20.0": "scanner",
    "SkypeUriPreview Preview/0.5": "scanner",
    "BingPreview/1.0b": "scanner",
    "": "human",  # says nothing either way
    "curl/8.14.1": "human",
}


@pytest.mark.parametrize(("agent", "expected"), OPENED.items())
def test_agents_of_pictures(agent, expected):
    assert look("open", agent, "", "") == expected


@pytest.mark.parametrize(("kind", "agent", "network", "hints", "expected"), [
    ("click", "GoogleImageProxy", "", "", "scanner"),  # proxies fetch pictures; they follow no links
    ("click", "Mozilla/5.0", "", "", "human"),
    ("click", "Mozilla/5.0 Firefox/140.0", "", "head", "scanner"),
    ("open", "Mozilla/5.0 Firefox/140.0", "", "prefetch", "prefetch"),
    ("open", "Mozilla/5.0 Firefox/140.0", "proofpoint", "", "scanner"),
    ("open", "Barracuda", "", "prefetch", "scanner"),
])
def test_single_hits(kind, agent, network, hints, expected):
    assert look(kind, agent, network, hints) == expected


@pytest.mark.parametrize(("address", "expected"), [
    ("148.163.129.1", "proofpoint"), ("64.235.159.255", "barracuda"), ("64.235.160.0", ""),
    ("::ffff:209.222.80.9", "barracuda"), ("104.47.1.1", "microsoft"), ("1.0.0.0", ""),
    ("255.255.255.255", ""), ("2001:db8::1", ""), ("nonsense", ""), ("", ""),
])
def test_networks(address, expected):
    assert network_of(address) == expected


def a_hit(number, seconds=0.0, kind="open", token=1, **more):
    return Hit(number, kind, token, AT + timedelta(seconds=seconds), message_id=7, **more)


def test_who_follows_all_links_at_once_is_no_person_and_neither_is_its_open():
    hits = [a_hit(n, n / 10, "click", 10 + n) for n in range(3)] + [a_hit(9, 0.15), a_hit(10, 60), a_hit(11, 90, "click", 10)]
    assert classify(hits) == {0: "scanner", 1: "scanner", 2: "scanner", 9: "scanner", 10: "human", 11: "human"}
    assert set(classify([a_hit(n, n * 3, "click", 10 + n) for n in range(5)]).values()) == {"human"}
    assert set(classify([a_hit(n, n / 10, "click", 10) for n in range(5)]).values()) == {"human"}  # one link, again and again


def test_nobody_reads_within_two_seconds():
    proxy = "(via ggpht.com GoogleImageProxy)"
    hits = [a_hit(1, 1, delivered_at=AT), a_hit(2, 1, agent=proxy, delivered_at=AT), a_hit(3, 2.5, delivered_at=AT),
            a_hit(4, -5, delivered_at=AT)]
    assert classify(hits) == {1: "scanner", 2: "prefetch", 3: "human", 4: "human"}


def test_what_is_forgotten_stays_what_it_was():
    assert classify([a_hit(1, agent="", kept="scanner")]) == {1: "scanner"}


def made(hits):
    return {key: (one.signal_type, one.at, one.event) for key, one in
            wanted(hits, classes(hits), lambda moment: moment.date()).items()}


def test_within_half_an_hour_it_is_one():
    hits = [a_hit(1, 0), a_hit(2, 600), a_hit(3, 1799), a_hit(4, 1800), a_hit(5, 0, "click", 2), a_hit(6, 900, "click", 2),
            a_hit(7, 900, "click", 3)]
    found = sorted((kind, event) for kind, _, event in made(hits).values())
    assert found == [("email_opened", 1), ("email_opened", 4), ("email_opened_3x", 3), ("link_clicked", 5), ("link_clicked", 7)]


def test_hits_of_one_minute_count_for_the_third_open():
    assert "open3:m7" in made([a_hit(1, 0, hits=3)])
    assert "open3:m7" not in made([a_hit(1, 0, hits=2), a_hit(2, 30, hits=9, agent="Barracuda")])


def test_the_first_few_of_a_day_are_kept():
    hits = [a_hit(n, n * 1800) for n in range(6)]
    opens = [event for kind, _, event in made(hits).values() if kind == "email_opened"]
    assert sorted(opens) == [0, 1, 2]


AGENTS = st.sampled_from(["", "Mozilla/5.0", "Barracuda", "GoogleImageProxy", "Firefox/140.0"])
HITS = st.lists(st.tuples(
    st.sampled_from(["open", "click"]), st.integers(1, 4), st.integers(0, 200_000), AGENTS, st.integers(1, 10)), max_size=25)
MAIL_OF = {1: 7, 2: 7, 3: 7, 4: None}  # a token belongs to one mail


@given(HITS, st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_the_order_in_which_hits_come_does_not_matter(rows, random):
    hits = [Hit(n, kind, token, AT + timedelta(milliseconds=ms * 500), agent=agent, hits=count, message_id=MAIL_OF[token])
            for n, (kind, token, ms, agent, count) in enumerate(rows)]
    mixed = random.sample(hits, len(hits))
    assert made(mixed) == made(hits) and classes(mixed) == classes(hits)
