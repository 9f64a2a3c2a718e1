"""Colours by meaning, all of the xterm-256 palette.

A `Look` gives the Rich style of a token on a ground: `look.style("muted", "raised")`. There are four: dark, light, ANSI
(the terminal's own colours 0 to 7) and none (`NO_COLOR`); dark and light also in high contrast. Widgets ask
`look_of(self)` whenever they draw, so a change of theme needs only a repaint.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from rich.style import Style

from banqup_tui.presentation.signs import Token as Token

if TYPE_CHECKING:
    from textual.app import App
    from textual.theme import Theme

Ground = Literal["bg", "surface", "raised", "sel", "field", "button", "cursor", "cursor_off"]

THEME_NAMES = ("banqup-dark", "banqup-light", "banqup-ansi", "banqup-dark-contrast", "banqup-light-contrast")
DEFAULT_THEME = THEME_NAMES[0]

DARK: Mapping[str, str] = {
    "bg": "#1c1c1c",
    "surface": "#262626",
    "raised": "#303030",
    "sel": "#303030",
    "field": "#303030",
    "button": "#444444",
    "cursor": "#005f87",
    "cursor_off": "#3a3a3a",
    "on_cursor": "#ffffff",
    "text": "#dadada",
    "strong": "#eeeeee",
    "muted": "#a8a8a8",
    "rule": "#4e4e4e",
    "accent": "#87d7ff",
    "error": "#ff8787",
    "warn": "#d7af5f",
    "ok": "#87af87",
    "info": "#87afd7",
}
LIGHT: Mapping[str, str] = {
    "bg": "#ffffff",
    "surface": "#eeeeee",
    "raised": "#eeeeee",
    "sel": "#eeeeee",
    "field": "#dadada",
    "button": "#d0d0d0",
    "cursor": "#005f87",
    "cursor_off": "#dadada",
    "on_cursor": "#ffffff",
    "text": "#262626",
    "strong": "#000000",
    "muted": "#585858",
    "rule": "#bcbcbc",
    "accent": "#005faf",
    "error": "#af0000",
    "warn": "#875f00",
    "ok": "#005f00",
    "info": "#005f87",
}
_ANSI: Mapping[str, str] = {"accent": "cyan", "error": "red", "warn": "yellow", "ok": "green", "info": "blue"}


class Look:
    """A way to draw. With `has_grounds` panels and fields have a ground of their own; without, they need a frame."""

    def __init__(
        self, name: str, colours: Mapping[str, str] | None = None, ansi: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.has_grounds = colours is not None
        self.colours = colours or {}
        self._ansi = ansi or {}
        self._styles: dict[tuple[str, str, bool, bool], Style] = {}

    def style(self, token: Token, ground: Ground = "bg", *, bold: bool = False, underline: bool = False) -> Style:
        """Returns the style of `token` on `ground`. On the two cursor grounds every token looks the same."""
        key = (token, ground, bold, underline)
        resolved = self._styles.get(key)
        if resolved is None:
            make = self._coloured if self.has_grounds else self._plain
            resolved = self._styles[key] = make(token, ground, bold, underline)
        return resolved

    def caret(self) -> Style:
        """Returns the style of the caret's cell."""
        if not self.has_grounds:
            return Style(reverse=True)
        return Style(color=self.colours["bg"], bgcolor=self.colours["accent"])

    def _coloured(self, token: str, ground: str, bold: bool, underline: bool) -> Style:
        if ground == "cursor":
            token, bold = "on_cursor", False
        elif ground == "cursor_off":
            token, bold = "strong", False
        return Style(
            color=self.colours[token],
            bgcolor=self.colours[ground],
            bold=bold or None,
            underline=underline or None,
        )

    def _plain(self, token: str, ground: str, bold: bool, underline: bool) -> Style:
        if ground == "cursor":
            return Style(reverse=True)
        if ground == "cursor_off":
            return Style(bold=True, underline=True)
        return Style(
            color=self._ansi.get(token),
            bold=bold or token == "strong" or token == "error" or None,
            dim=token == "rule" or None,
            underline=underline or ground == "field" or None,
        )


def high_contrast(colours: Mapping[str, str]) -> Mapping[str, str]:
    return {**colours, "muted": colours["text"], "rule": colours["muted"]}


_LOOKS: dict[str, Look] = {
    "banqup-dark": Look("dark", DARK),
    "banqup-light": Look("light", LIGHT),
    "banqup-ansi": Look("ansi", None, _ANSI),
    "banqup-dark-contrast": Look("dark-contrast", high_contrast(DARK)),
    "banqup-light-contrast": Look("light-contrast", high_contrast(LIGHT)),
    "none": Look("none"),
}


def look_named(name: str) -> Look:
    """Returns the look of a theme, or of `none`. A theme that is not ours is drawn dark."""
    return _LOOKS.get(name, _LOOKS[DEFAULT_THEME])


def look_of(node: Any) -> Look:
    """Returns the look of the app of a widget or screen."""
    app = node.app
    return _LOOKS["none"] if app.no_color else look_named(app.theme)


def wants_native_colours(environment: Mapping[str, str]) -> bool | None:
    """Returns the argument of `App(ansi_color=…)`: only native colours can be switched off by `NO_COLOR`."""
    return True if "NO_COLOR" in environment else None


def register_themes(app: App[Any], theme: str = DEFAULT_THEME) -> None:
    """Registers our themes with `app` and sets one. Call it in the app's `__init__`."""
    for ours in themes():
        app.register_theme(ours)
    app.theme = theme if theme in THEME_NAMES else DEFAULT_THEME


@lru_cache(maxsize=1)
def themes() -> tuple[Theme, ...]:
    return (
        _theme("banqup-dark", DARK, dark=True),
        _theme("banqup-light", LIGHT, dark=False),
        _ansi_theme(),
        _theme("banqup-dark-contrast", high_contrast(DARK), dark=True),
        _theme("banqup-light-contrast", high_contrast(LIGHT), dark=False),
    )


def _theme(name: str, colours: Mapping[str, str], *, dark: bool) -> Theme:
    from textual.theme import Theme

    return Theme(
        name=name,
        primary=colours["cursor"],
        secondary=colours["info"],
        accent=colours["accent"],
        warning=colours["warn"],
        error=colours["error"],
        success=colours["ok"],
        foreground=colours["text"],
        background=colours["bg"],
        surface=colours["surface"],
        panel=colours["raised"],
        dark=dark,
    )


def _ansi_theme() -> Theme:
    from textual.theme import Theme

    default = "ansi_default"
    return Theme(
        name="banqup-ansi",
        ansi=True,
        primary="ansi_blue",
        secondary="ansi_cyan",
        accent="ansi_cyan",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        foreground=default,
        background=default,
        surface=default,
        panel=default,
        boost=default,
        variables={"ansi-background": "ansi_black", "ansi-foreground": "ansi_white"},
    )
