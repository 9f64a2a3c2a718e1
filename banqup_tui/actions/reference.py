"""Writes docs/keys.md, every key of every place, from the actions: `python -m banqup_tui.actions.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from banqup_tui.actions.moves import GROUP_NAMES, shown_keys
from banqup_tui.actions.places import Place
from banqup_tui.actions.registry import ACTIONS, actions_of, moves_of
from banqup_tui.presentation.words import current_language, use_language

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"

_PLACES: dict[Place, str] = {
    Place.CLIENT_DOCUMENTS: "Client documents: the clients",
    Place.FAILURES: "Failures, by cause",
    Place.FAILED: "Documents that failed for one cause",
    Place.FOLDER: "Client documents: folders and documents of a client",
    Place.DOCUMENT: "A document",
    Place.DUPLICATES: "Duplicates",
    Place.UNFILED: "To place",
    Place.SOURCES: "Sources",
    Place.CHANGES: "Refused changes",
    Place.CLIENTS: "Clients",
    Place.CLIENT: "A client and its integrations",
    Place.STORE: "Banqup Store",
}


def page() -> str:
    """Returns the page, in English whatever language is set."""
    language = current_language()
    use_language("en")
    try:
        return "\n".join(_lines()) + "\n"
    finally:
        use_language(language)


def _lines() -> Iterator[str]:
    yield "# Keys"
    yield ""
    yield "Written by `python -m banqup_tui.actions.reference`; a test holds it to the program."
    yield ""
    yield "One letter has one meaning everywhere. The name in the last column is the one a keymap uses. On an AZERTY"
    yield "keyboard the same physical keys work without Shift: `é` `\"` `'` for `2` `3` `4`, `;` for `.`, `,` for `?`."
    for place in Place:
        yield from _place(place)
    yield from _all_actions()


def _place(place: Place) -> Iterator[str]:
    yield from ("", f"## {_PLACES[place]}", "", "| keys | what | group | name |", "|---|---|---|---|")
    for action in actions_of(place):
        if action.keys:
            yield _row(shown_keys(action.keys), action.name().rstrip("…"), "Actions", action.id)
    for move in moves_of(place):
        yield _row(shown_keys(move.keys), move.name(), GROUP_NAMES[move.group], move.id)


def _all_actions() -> Iterator[str]:
    yield from ("", "## Every action", "")
    yield "All of them are in the palette (`:`) of their places; those of a document also in its menu (`.`)."
    yield from ("", "| action | key | what it does | name |", "|---|---|---|---|")
    for action in ACTIONS:
        key = f"`{shown_keys(action.keys)}`" if action.keys else "–"
        yield f"| {action.name()} | {key} | {action.help()} | `{action.id}` |"


def _row(keys: str, text: str, group: str, name: str) -> str:
    quoted = " ".join(f"`{key}`" for key in keys.split())
    return f"| {quoted} | {text} | {group} | `{name}` |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stderr.write(f"{PAGE}\n")
