"""The door to the outside lets LIO out to public servers alone, and lets in no more than was asked for (TRUST T40-T42, G15)."""

import gzip
import socket
import ssl
import threading
import zlib
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lio import outbound
from lio.outbound import Refused, TooBig, TooSlow, Unreachable, fetch, is_public

# All of them mean this machine, its network, or nothing that anybody could be served from.
INWARD = [
    # loopback, as people and libraries write it
    "127.0.0.1", "127.1", "127.0.1", "127.000.000.001", "2130706433", "017700000001", "0x7f000001", "0X7F.1",
    "0x7f.0x0.0x0.0x1", "0177.0.0.1", "0177.0.0.0x1", "127.0.0.1.", "127.255.255.254", "%31%32%37.0.0.1",
    "①②⑦.⓪.⓪.①", "127。0。0。1",
    "localhost", "LOCALHOST", "localhost.", "ip6-localhost", "0", "0.0.0.0", "0x0", "0.0.0.1",  # noqa: S104
    # own networks, link-local, the clouds' metadata, carriers, benchmarks, documentation, multicast, reserved
    "10.0.0.1", "10.255.255.255", "0xa000001", "172.16.0.1", "172.31.255.254", "192.168.0.1", "3232235521", "169.254.169.254",
    "0xa9fea9fe", "2852039166", "100.64.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.254",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    # IPv6: loopback, mapped, compatible, NAT64, 6to4, Teredo, unique local, link-local, site-local, multicast, documentation
    "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001::1]",
    "[fc00::1]", "[fd12:3456:789a::1]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[ff02::1]",
    "[2001:db8::1]", "[3fff::1]",
    "[100::1]",
]  # fmt: skip


@pytest.fixture
def canary(monkeypatch):
    """A listener on this machine to which every name leads, whatever port it is asked on; and what was dialled."""
    with listening() as (server, port):
        real = socket.getaddrinfo

        def resolved(host, _, *args, **kwargs):
            return [(*entry[:4], (entry[4][0], port, *entry[4][2:])) for entry in real(host, 80, *args, **kwargs)]

        monkeypatch.setattr(socket, "getaddrinfo", resolved)
        dialled = record_dialling(monkeypatch)
        server.settimeout(0.05)
        yield Canary(server, dialled)


class Canary:
    def __init__(self, server, dialled):
        self.server, self.dialled = server, dialled

    def was_called(self):
        try:
            self.server.accept()[0].close()
        except TimeoutError:
            return False
        return True


def record_dialling(monkeypatch, *, only=()):
    """The addresses that anybody connects to from now on; all but those of this machine and `only` fail at once."""
    dialled, real = [], socket.socket.connect

    def connect(sock, address):
        dialled.append(address[0])
        if address[0] in ("127.0.0.1", "::1", *only):
            return real(sock, address)
        raise ConnectionRefusedError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return dialled


@contextmanager
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server, server.getsockname()[1]


@contextmanager
def answering(speak, settings, host="127.0.0.1"):
    """A server that `speak(socket)`s to whoever has sent a request; answers its address, which the settings allow."""
    with listening() as (server, port):

        def serve():
            while True:
                try:
                    there, _ = server.accept()
                except OSError:
                    return
                with there:
                    there.recv(65536)
                    with suppress(OSError):
                        speak(there)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        settings.ALLOW_PRIVATE_HOSTS = [f"{host}:{port}"]
        yield f"http://{host}:{port}/"
        server.shutdown(socket.SHUT_RDWR)


def page(text=b"hello", headers=b""):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(text), headers, text)


# ------------------------------------------------------------------------------------------------ where to
def test_there_are_sixty_ways_and_more():
    assert len(set(INWARD)) >= 60


@pytest.mark.parametrize("host", INWARD)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_inward_is_ever_dialled(canary, scheme, host):
    with pytest.raises((Refused, Unreachable)):
        fetch(f"{scheme}://{host}/")
    assert canary.dialled == [] and not canary.was_called()


def test_the_canary_would_have_sung(canary, settings):
    settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
    with pytest.raises(TooSlow):
        fetch("http://127.0.0.1/", seconds=0.2)
    assert canary.dialled == ["127.0.0.1"] and canary.was_called()


@pytest.mark.parametrize("address", [
    "8.8.8.8", "1.1.1.1", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1",
    "198.17.255.255", "198.20.0.1", "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "2001:200::1",
    "::ffff:8.8.8.8"])  # fmt: skip
def test_public_addresses_are_public(address):
    assert is_public(address)


def test_a_name_that_points_inward_is_refused(monkeypatch):
    dialled = record_dialling(monkeypatch)
    for address in ("127.0.0.1", "::1", "10.1.2.3", "fd00::1", "64:ff9b::7f00:1"):
        resolve_to(monkeypatch, [(address, 80)])
        with pytest.raises(Refused, match="not on the public internet"):
            fetch("http://friendly.example/")
    assert dialled == []


def resolve_to(monkeypatch, *answers):
    """Each look-up of a name gets the next of `answers`, the last one for ever. Each is a list of (address, port)."""
    left, asked = list(answers), []

    def resolved(host, port, *args, **kwargs):
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "",
                 (address, port, 0, 0) if ":" in address else (address, port)) for address, port in found]  # fmt: skip

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    return asked


def test_rebinding_finds_nobody_at_home(monkeypatch):
    """The name is public when it is checked and this machine a moment later: the checked address is the one dialled."""
    with listening() as (server, port):
        server.settimeout(0.05)
        for scheme in ("http", "https"):
            asked = resolve_to(monkeypatch, [("93.184.216.34", port)], [("127.0.0.1", port)])
            dialled = record_dialling(monkeypatch)
            with pytest.raises(Unreachable):
                fetch(f"{scheme}://flipping.example/")
            assert (asked, dialled) == (["flipping.example"], ["93.184.216.34"])
        with pytest.raises(TimeoutError):
            server.accept()


def test_of_several_addresses_only_public_ones_are_tried(monkeypatch):
    resolve_to(monkeypatch, [("127.0.0.1", 80), ("2606:4700::1", 80), ("10.0.0.1", 80), ("93.184.216.34", 80)])
    dialled = record_dialling(monkeypatch)
    with pytest.raises(Unreachable):
        fetch("http://mixed.example/")
    assert dialled == ["2606:4700::1", "93.184.216.34"]


@pytest.mark.parametrize("url", [
    "", "acme.example", "//acme.example/", "ftp://acme.example/", "file:///etc/passwd", "gopher://acme.example/", "data:,x",
    "javascript:alert(1)", "http://", "http:///x", "http://user@acme.example/", "http://user:pass@acme.example/", "http://a b/",
    "http://acme.example\r\nHost: x/", "http://acme.example:99999/", "http://acme.example:x/", "http://[::1/",
    "http://" + "a" * 5000])  # fmt: skip
def test_what_is_no_address_of_a_page_is_refused(monkeypatch, url):
    dialled = record_dialling(monkeypatch)
    with pytest.raises((Refused, Unreachable)):
        fetch(url)
    assert dialled == []


@pytest.mark.parametrize("port", [1, 21, 22, 25, 81, 444, 3306, 5432, 6379, 8000, 8080, 8443, 9200, 11434, 65535])
def test_odd_ports_are_refused(monkeypatch, port):
    asked = resolve_to(monkeypatch, [("93.184.216.34", port)])
    with pytest.raises(Refused, match="port"):
        fetch(f"http://acme.example:{port}/")
    assert asked == []


def test_a_place_that_the_operator_named_is_reached_and_no_other(settings, monkeypatch):
    with answering(lambda there: there.sendall(page()), settings) as url:
        assert fetch(url).body == b"hello"
        settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1", "localhost:80"]  # without the port: its usual ports alone
        with pytest.raises(Refused, match="port"):
            fetch(url)


# ------------------------------------------------------------------------------------------------ redirects
def redirecting(where):
    return lambda there: there.sendall(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % where.encode())


@pytest.mark.parametrize("where", ["http://127.0.0.1/", "http://localhost/x", "https://[::1]/", "http://169.254.169.254/latest/",
                                   "//10.0.0.1/", "http://[x/", "file:///etc/passwd", "http://a:b@acme.example/"])  # fmt: skip
def test_a_redirect_inward_is_refused(settings, monkeypatch, where):
    with answering(redirecting(where), settings) as url:
        dialled = record_dialling(monkeypatch)
        with pytest.raises(Refused):
            fetch(url)
        assert len(dialled) == 1


def test_a_redirect_does_not_open_what_the_operator_named(settings):
    """Such places are for those who are configured to go there, not for a page that sends us there."""
    with answering(lambda there: there.sendall(page(b"inside")), settings) as inside:
        named = settings.ALLOW_PRIVATE_HOSTS
        with answering(redirecting(inside), settings) as url:
            settings.ALLOW_PRIVATE_HOSTS = [*settings.ALLOW_PRIVATE_HOSTS, *named]
            with pytest.raises(Refused):
                fetch(url)
            assert fetch(inside).body == b"inside"


def test_three_redirects_are_followed_and_not_four(settings, httpserver):
    settings.ALLOW_PRIVATE_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    for n in range(5):
        httpserver.expect_request(f"/{n}").respond_with_data("", 302, {"Location": f"/{n + 1}"})
    httpserver.expect_request("/5").respond_with_data("there")
    answer = fetch(httpserver.url_for("/2"))
    assert (answer.status, answer.body, answer.url) == (200, b"there", httpserver.url_for("/5"))
    with pytest.raises(Refused, match="more than 3 times"):
        fetch(httpserver.url_for("/1"))
    assert len(httpserver.log) == 8
    assert fetch(httpserver.url_for("/1"), redirects=0).status == 302


def test_what_is_posted_is_not_posted_elsewhere(settings, httpserver):
    settings.ALLOW_PRIVATE_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    httpserver.expect_request("/a", method="POST", data="x=1").respond_with_data("", 307, {"Location": "/b"})
    answer = fetch(httpserver.url_for("/a"), method="POST", body=b"x=1")
    assert (answer.status, answer.headers["location"], len(httpserver.log)) == (307, "/b", 1)


def test_each_step_is_permitted_or_not(settings, httpserver):
    settings.ALLOW_PRIVATE_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    httpserver.expect_request("/a").respond_with_data("", 301, {"Location": "/b"})
    asked = []

    def permit(url):
        asked.append(url)
        if url.endswith("/b"):
            raise Refused("not there")

    with pytest.raises(Refused, match="not there"):
        fetch(httpserver.url_for("/a"), permit=permit)
    assert asked == [httpserver.url_for("/a"), httpserver.url_for("/b")] and len(httpserver.log) == 1


def test_a_key_does_not_travel_to_another_host(monkeypatch):
    seen, real = [], socket.socket.connect
    with listening() as (server, port):
        resolve_to(monkeypatch, [("93.184.216.34", 80)])
        monkeypatch.setattr(socket.socket, "connect", lambda sock, address: real(sock, ("127.0.0.1", port)))

        def serve():
            for answer in (b"HTTP/1.1 302 Found\r\nLocation: http://other.example/\r\nContent-Length: 0\r\n\r\n", page()):
                there, _ = server.accept()
                seen.append(there.recv(65536))
                there.sendall(answer)
                there.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        fetch("http://first.example/", headers={"X-Api-Key": "s3cret"})
        thread.join(5)
    assert b"s3cret" in seen[0] and b"Host: first.example\r\n" in seen[0]
    assert b"s3cret" not in seen[1] and b"Host: other.example\r\n" in seen[1]


# ------------------------------------------------------------------------------------------------ how much, how long
def timed(call, within):
    started = monotonic()
    with pytest.raises(TooSlow):
        call()
    assert monotonic() - started < within


def drip(there, first=b""):
    there.sendall(first)
    for _ in range(200):
        there.sendall(b"a")
        threading.Event().wait(0.05)


@pytest.mark.parametrize("first", [
    b"",  # the status line itself
    b"HTTP/1.1 200 OK\r\nX-Slow: ",  # a header
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",  # ends with the connection: cutting it must not look like the end
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
], ids=["status", "header", "length", "open end", "chunked"])  # fmt: skip
def test_a_slow_drip_is_cut(settings, first):
    with answering(lambda there: drip(there, first), settings) as url:
        timed(lambda: fetch(url, seconds=0.5), within=2)


def test_silence_is_cut(settings):
    with answering(lambda there: threading.Event().wait(3), settings) as url:
        timed(lambda: fetch(url, seconds=0.3), within=2)


def test_a_handshake_that_never_ends_is_cut(settings):
    with answering(lambda there: drip(there, b"\x16\x03\x03\x00\xff"), settings) as url:
        timed(lambda: fetch(url.replace("http:", "https:"), seconds=0.4), within=2)


def test_a_look_up_that_never_ends_is_cut(monkeypatch):
    waiting = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: waiting.wait(5) and [])
    timed(lambda: fetch("http://slow.example/", seconds=0.2), within=2)
    waiting.set()


def test_redirects_share_one_time(settings):
    def slow_redirect(there):
        threading.Event().wait(0.2)
        redirecting("/again")(there)

    with answering(slow_redirect, settings) as url:
        timed(lambda: fetch(url, seconds=0.5), within=2)


def endless(there, head):
    there.sendall(head)
    while True:
        there.sendall(b"a" * 65536)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"])
def test_an_endless_body_is_cut(settings, head):
    with answering(lambda there: endless(there, head), settings) as url, pytest.raises(TooBig):
        fetch(url, max_bytes=300_000)


def test_a_body_at_the_limit_is_whole(settings):
    with answering(lambda there: there.sendall(page(b"x" * 1000)), settings) as url:
        assert len(fetch(url, max_bytes=1000).body) == 1000
        with pytest.raises(TooBig):
            fetch(url, max_bytes=999)


def bomb(layers=1):
    data = b"\0" * 50_000_000
    for _ in range(layers):
        data = gzip.compress(data, 9)
    return data


@pytest.mark.parametrize("layers", [1, 2])
def test_a_gzip_bomb_is_cut_while_it_unpacks(settings, layers):
    import tracemalloc

    packed = bomb(layers)
    assert len(packed) < 60_000
    coding = b", ".join([b"gzip"] * layers)
    with answering(lambda there: there.sendall(page(packed, b"Content-Encoding: %s\r\n" % coding)), settings) as url:
        tracemalloc.start()
        with pytest.raises(TooBig):
            fetch(url, max_bytes=1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 10_000_000


def test_gzip_is_unpacked_and_broken_gzip_refused(settings):
    with answering(lambda there: there.sendall(page(gzip.compress(b"hello"), b"Content-Encoding: gzip\r\n")), settings) as url:
        assert fetch(url).body == b"hello"
    broken = page(b"no gzip", b"Content-Encoding: gzip\r\n")
    with answering(lambda there: there.sendall(broken), settings) as url, pytest.raises(Unreachable):
        fetch(url)
    deflated = page(zlib.compress(b"hello"), b"Content-Encoding: deflate\r\n")
    with answering(lambda there: there.sendall(deflated), settings) as url:
        assert fetch(url).body == b"hello"


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 500 + b"\r\n",
    b"HTTP/1.1 " + b"2" * 100_000, b"SSH-2.0-OpenSSH\r\n", b"\0" * 1000, b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"",
], ids=["header", "many headers", "status", "ssh", "zeros", "no length", "cut off", "no chunk", "nothing"])  # fmt: skip
def test_what_is_no_proper_answer_is_told_as_such(settings, answer):
    with answering(lambda there: there.sendall(answer), settings) as url:
        try:
            assert fetch(url, seconds=3).body in (b"ab", b"")  # lengths that are no numbers are passed over
        except Unreachable as error:
            assert "127.0.0.1" in str(error)


def test_cookies_and_proxies_are_not_used(settings, monkeypatch, httpserver):
    settings.ALLOW_PRIVATE_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    httpserver.expect_request("/a").respond_with_data("", 302, {"Location": "/b", "Set-Cookie": "id=1; Path=/"})
    httpserver.expect_request("/b").respond_with_data("there")
    assert fetch(httpserver.url_for("/a")).body == b"there"
    first, second = (request for request, _ in httpserver.log)
    assert "Cookie" not in second.headers and "Authorization" not in first.headers
    assert first.headers["User-Agent"] == outbound.AGENT


def test_words_of_an_error_hold_no_key(settings):
    with answering(lambda there: there.sendall(b"nonsense"), settings) as url, pytest.raises(Unreachable) as told:
        fetch(f"{url}?api_key=s3cret", headers={"X-Api-Key": "s3cret"})
    assert "s3cret" not in str(told.value)


def test_json_that_is_nested_beyond_reason_is_a_value_error():
    with pytest.raises(ValueError):
        outbound.Answer(200, {}, b"[" * 200_000, "").json()


# ------------------------------------------------------------------------------------------------ TLS
def certificate(folder, name):
    """A certificate for `name` that vouches for itself; answers the path of certificate and key."""
    key, who = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / f"{name}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))  # fmt: skip
    return path


@pytest.fixture
def trusting(monkeypatch, tmp_path):
    """The certificate of shop.example, which this process trusts."""
    path = certificate(tmp_path, "shop.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    outbound._tls.cache_clear()
    yield path
    outbound._tls.cache_clear()


@pytest.mark.parametrize("host", ["shop.example", "other.example"])
def test_tls_asks_for_the_host_and_believes_only_its_certificate(trusting, monkeypatch, settings, host):
    named, heard = [], []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusting)
    context.sni_callback = lambda sock, name, _: named.append(name)
    with listening() as (server, port):
        settings.ALLOW_PRIVATE_HOSTS = [host]

        def serve():
            there, _ = server.accept()
            try:
                with context.wrap_socket(there, server_side=True) as safe:
                    heard.append(safe.recv(65536))
                    safe.sendall(page())
            except OSError:
                pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))])  # fmt: skip
        if host == "shop.example":
            assert fetch(f"https://{host}/").body == b"hello"
        else:
            with pytest.raises(Unreachable, match="certificate"):
                fetch(f"https://{host}/")
        thread.join(5)
    assert named == [host]
    assert bool(heard) == (host == "shop.example")
    if heard:
        assert b"Host: shop.example\r\n" in heard[0]
