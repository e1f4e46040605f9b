"""The check of the other tests: what is wrong in one look alone is found, and named with that look."""

import pytest

ONLY = {
    "light": "(prefers-color-scheme: light) and (min-width: 501px)",
    "dark": "(prefers-color-scheme: dark)",
    "phone": "(max-width: 500px) and (hover: none) and (pointer: coarse)",
}
AS_IT_IS = "[innerWidth, ...['(prefers-color-scheme: dark)', '(hover: none)'].map(one => matchMedia(one).matches)]"


@pytest.fixture
def page(visit):
    page = visit()
    page.goto("/sign-in")
    return page


def spoil(page, style):
    page.evaluate(
        """text => {
        const sheet = new CSSStyleSheet()
        sheet.replaceSync(text)
        document.adoptedStyleSheets = [sheet]
    }""",
        style,
    )


def looks_of(found):
    return {line.partition(":")[0] for line in found}


def test_a_page_in_order_has_nothing_and_is_left_as_it_was(page, sound):
    before = page.evaluate(AS_IT_IS)
    assert before == [1360, False, False]
    assert sound(page) == []
    assert page.evaluate(AS_IT_IS)[:2] == before[:2]
    page.reload()
    assert page.evaluate(AS_IT_IS) == before


@pytest.mark.parametrize("slowly", ["", "h1 { transition: all 60s !important }"], ids=["at once", "slowly"])
@pytest.mark.parametrize("look", ONLY)
def test_what_cannot_be_read(page, sound, look, slowly):
    spoil(page, f"@media {ONLY[look]} {{ h1 {{ color: #777 !important; background: #666 !important }} }} {slowly}")
    found = sound(page)
    assert looks_of(found) == {look} and "color-contrast: <h1" in found[0], found
    assert sound(page, "form") == []


@pytest.mark.parametrize("look", ONLY)
def test_what_is_wider_than_the_window(page, sound, look):
    spoil(page, f"@media {ONLY[look]} {{ h1 {{ inline-size: 1400px !important }} }}")
    found = sound(page)
    assert looks_of(found) == {look} and "px wider than the window" in found[-1], found


def test_every_rule_in_every_look(page, sound):
    page.evaluate("document.querySelector('form button').replaceChildren()")
    assert looks_of(sound(page)) == {"light"}
    assert looks_of(sound(page, full=True)) == set(ONLY)
    assert sound(page, looks=["dark"]) == []


def test_axe_is_read_once_for_a_page(page, sound):
    page.evaluate("""() => {
        window.times = 0
        let axe
        Object.defineProperty(window, "axe", {get: () => axe, set: it => { axe = it; times++ }, configurable: true})
    }""")
    sound(page)
    sound(page)
    assert page.evaluate("times") == 1
