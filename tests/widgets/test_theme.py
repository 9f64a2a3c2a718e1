"""What is written can be read: the contrast of every pair, in true colour and as terminals of 256 colours round it."""

from collections.abc import Mapping

import pytest
from rich.color import Color, ColorSystem

from banqup_tui.widgets.theme import DARK, LIGHT, THEME_NAMES, Ground, Look, Token, high_contrast, look_named

WORDS: tuple[Token, ...] = ("text", "strong", "muted", "accent", "error", "warn", "ok", "info")
# token -> grounds it is written on; buttons carry text only, the two cursor lines one style each
PAIRS: list[tuple[str, str]] = [(token, ground) for token in WORDS for ground in ("bg", "surface", "raised", "sel")]
PAIRS += [("text", "field"), ("strong", "field"), ("error", "field"), ("muted", "surface")]
PAIRS += [("text", "button"), ("strong", "button"), ("on_cursor", "cursor"), ("strong", "cursor_off")]


def _luminance(colour: Color) -> float:
    def linear(part: int) -> float:
        value = part / 255
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = colour.get_truecolor()
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def _contrast(one: Color, other: Color) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("system", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT])
@pytest.mark.parametrize("colours", [DARK, LIGHT, high_contrast(DARK), high_contrast(LIGHT)])
def test_every_word_can_be_read_on_every_ground_it_stands_on(colours: Mapping[str, str], system: ColorSystem) -> None:
    too_faint = []
    for token, ground in PAIRS:
        one = Color.parse(colours[token]).downgrade(system)
        other = Color.parse(colours[ground]).downgrade(system)
        if _contrast(one, other) < 4.5:
            too_faint.append((token, ground, round(_contrast(one, other), 2)))
    assert not too_faint


@pytest.mark.parametrize("colours", [DARK, LIGHT])
def test_a_terminal_with_256_colours_has_every_colour(colours: Mapping[str, str]) -> None:
    steps = {"00", "5f", "87", "af", "d7", "ff"}
    greys = {f"{value:02x}" for value in range(8, 248, 10)}
    for name, value in colours.items():
        parts = [value[at : at + 2] for at in (1, 3, 5)]
        assert set(parts) <= steps or (len(set(parts)) == 1 and parts[0] in greys), name


def test_without_colours_nothing_has_a_colour_and_the_line_one_is_on_is_reversed() -> None:
    look = Look("none")
    tokens: tuple[Token, ...] = (*WORDS, "rule")
    for token in tokens:
        style = look.style(token)
        assert style.color is None
        assert style.bgcolor is None
    assert look.style("text", "cursor").reverse
    assert look.style("text", "cursor_off").underline


def test_the_terminals_own_colours_are_the_first_eight_only() -> None:
    look = look_named("banqup-ansi")
    for token in WORDS:
        colour = look.style(token).color
        assert colour is None or (colour.number is not None and colour.number < 8)
        assert not look.style(token).dim


@pytest.mark.parametrize("name", THEME_NAMES)
def test_the_line_one_is_on_is_one_style_from_edge_to_edge(name: str) -> None:
    look = look_named(name)
    grounds: tuple[Ground, ...] = ("cursor", "cursor_off")
    for ground in grounds:
        assert len({look.style(token, ground, bold=bold) for token in WORDS for bold in (False, True)}) == 1
