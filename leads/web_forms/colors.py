"""The colours of a form, always with a text colour that can be read on them (WCAG 2.2)."""

import re

HEX = re.compile(r"#[0-9a-f]{6}")
BLACK, WHITE = "#000000", "#ffffff"


def luminance(color):
    """Relative luminance of `#rrggbb`, from 0 to 1."""
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """From 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def text_on(color):
    """Black or white, whichever reads better on `color`; at least 4.5 to 1."""
    return max(WHITE, BLACK, key=lambda text: contrast(text, color))


def sheet(color, background):
    """The stylesheet that puts a form into its colours; `background` may be ""."""
    text = text_on(color)
    shade = f"color-mix(in oklab, {color} 88%, {WHITE if text == BLACK else BLACK})"
    rules = f":root {{ --accent: {color}; --accent-2: {shade}; --on-accent: {text}; --brand: {color} }}\n"
    if background:
        scheme = "light" if text_on(background) == BLACK else "dark"
        rules += f":root {{ color-scheme: {scheme}; --desk: {background}; --on-desk: {text_on(background)} }}\n"
    return rules
