"""Whatever HTML comes in: nothing but addresses of links is changed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from intent.tracking.links import _Links, _with_links

PARTS = st.lists(st.sampled_from([
    "<a", "<A ", "<area ", " href=", "HREF = ", '"', "'", ">", "/>", "</a>", "<!--", "-->", "<![CDATA[", "]]>", "<script>",
    "</script>", "<style>", "</style>", "<textarea>", "<title>", "<plaintext>", "http://x.example/?a=1&amp;b",
    "https://y.example", "mailto:a@b", " ", "\n", "\r\n", "\x00", "<", "&", "ä", "İ", "\U0001f600", "text", "<?php ",
    "<!doctype html>", "<a href=http://z.example>", "=", "\t"]), max_size=40)


class Making:
    """Stands for the tokens of a mail: an address for each target."""

    def __init__(self):
        self.known = {}

    def address(self, purpose, target):
        return self.known.setdefault(target, f"?{len(self.known)}")


@given(PARTS)
@settings(max_examples=400, deadline=None, derandomize=True)
def test_only_addresses_change(parts):
    html = "".join(parts)
    found = _Links(html).found
    assert all(html[start:start + len(written)] == written for start, written in found)
    assert [start for start, _ in found] == sorted({start for start, _ in found})
    making = Making()
    wrapped = _with_links(html, making)
    if not making.known:
        assert wrapped == html
    assert all(target.startswith(("http://", "https://")) for target in making.known)
    assert wrapped.count("<") == html.count("<")
