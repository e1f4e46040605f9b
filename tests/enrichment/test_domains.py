"""Which company an address speaks of."""

import subprocess
import sys

import pytest

from companies.domains import DISPOSABLE, FREE_MAIL, company_domain, mail_kind, registered_domain

COMPANIES = {
    "Jane@Acme.co.uk": "acme.co.uk",
    "Jane Doe <jane@mail.acme.com>": "acme.com",
    "mailto:jane@acme.com": "acme.com",
    "https://www.acme.com:443/x?y=@z#w": "acme.com",
    "https://jane:secret@shop.acme.com/": "acme.com",
    "http://acme.com\\@evil.com": "acme.com",
    "acme.com/@jane": "acme.com",
    "acme.com.": "acme.com",
    "acme.uk.com": "acme.uk.com",
    "müller.de": "xn--mller-kva.de",
    "a@straße.de": "xn--strae-oqa.de",
    "a.公司.香港": "a.xn--55qx5d.xn--j6w193g",
    "jane@google.com": "google.com",
}
NOBODYS = [
    "", None, "@", "a@b", "x..com", "localhost", "acme.internal", "https://", "http://127.0.0.1/", "http://[::1]/", "1.2.3.4",
    "co.uk", "uk.com", "github.io", "foo.github.io", "acme.myshopify.com", "s3.amazonaws.com", "foo.ck",
    "https://www.linkedin.com/in/jane", "facebook.com/acme", "https://sites.google.com/view/acme", "https://medium.com/@acme",
    "jane@gmail.com", "jane@web.de", "jane@tutanota.com", "x@sub.mailinator.com", "a" * 300 + ".com", "ﷺ.com",
]  # fmt: skip


@pytest.mark.parametrize(("address", "domain"), COMPANIES.items())
def test_the_registered_domain_is_the_companys(address, domain):
    assert company_domain(address) == registered_domain(address) == domain


@pytest.mark.parametrize("address", NOBODYS)
def test_no_company_is_known_by_these(address):
    assert company_domain(address) is None


def test_free_and_disposable_mail_are_told_apart():
    assert mail_kind("jane@gmail.com") == mail_kind("GMX.de") == FREE_MAIL
    assert mail_kind("jane@mailinator.com") == mail_kind("x@any.mailinator.com") == DISPOSABLE
    assert mail_kind("jane@acme.com") == mail_kind("") == mail_kind("nonsense") == ""


@pytest.mark.parametrize(
    "host",
    ["acme.com", "www.acme.co.uk", "a.b.acme.com.au", "acme.k12.ma.us", "city.kawasaki.jp", "x.city.kawasaki.jp", "a.foo.ck",
     "www.ck", "a.b.parliament.nz", "acme.berlin", "foo.公司.cn", "acme.gov.uk", "nhs.uk", "a.b.c.kobe.jp"],
)  # fmt: skip
def test_the_list_is_read_as_its_own_library_reads_it(host):
    from tldextract import TLDExtract

    theirs = TLDExtract(suffix_list_urls=(), cache_dir=None)(host.encode("idna").decode()).top_domain_under_public_suffix
    assert (registered_domain(host) or "") == theirs


def test_asking_brings_no_http_client_into_the_process():
    code = "import sys; from companies.domains import company_domain as c; c('a@acme.com'); print('requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
