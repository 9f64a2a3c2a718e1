"""Keys that move, select and look. They change nothing, so they are no actions, but are remapped and listed alike."""

from __future__ import annotations

import string
from collections.abc import Callable
from enum import StrEnum

from banqup_tui.actions.places import EVERYWHERE, Place
from banqup_tui.domain.values import Value
from banqup_tui.presentation.words import N_, NP_, _

_LISTS = frozenset({Place.CLIENT_DOCUMENTS, Place.FOLDER, Place.CLIENTS, Place.CLIENT, Place.STORE})
_TABLE = frozenset({Place.FOLDER})
_SELECTABLE = frozenset(
    {Place.FOLDER, Place.FAILED, Place.DUPLICATES, Place.CLIENT_DOCUMENTS, Place.CLIENTS, Place.UNFILED, Place.CHANGES}
)
_SIDES = frozenset({Place.FOLDER, Place.DOCUMENT})
_PANES = frozenset({Place.FOLDER, Place.DOCUMENT, Place.UNFILED, Place.SOURCES, Place.CLIENT, Place.STORE})
_SEARCHABLE = frozenset({Place.CLIENT_DOCUMENTS, Place.FOLDER, Place.CLIENTS, Place.STORE})


class KeyGroup(StrEnum):
    MOVE = "MOVE"
    FIND = "FIND"
    SELECT = "SELECT"
    TABLE = "TABLE"
    ACTIONS = "ACTIONS"
    EVERYWHERE = "EVERYWHERE"


GROUP_NAMES: dict[KeyGroup, str] = {
    KeyGroup.MOVE: NP_("heading", "Move"),
    KeyGroup.FIND: NP_("heading", "Find"),
    KeyGroup.SELECT: NP_("heading", "Select"),
    KeyGroup.TABLE: NP_("heading", "Table"),
    KeyGroup.ACTIONS: NP_("heading", "Actions"),
    KeyGroup.EVERYWHERE: NP_("heading", "Everywhere"),
}


class Move(Value, frozen=True, kw_only=True):
    """A key that moves or selects.

    Attributes:
        keys: The keys, as Textual names them; those in `spare` do the same and are not shown.
        label: What it does, translated when it is shown.
        short: The word in the footer of the places `short_in`; empty leaves it out.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    group: KeyGroup
    spare: tuple[str, ...] = ()
    places: frozenset[Place] = EVERYWHERE
    short: str = ""
    short_in: frozenset[Place] = EVERYWHERE
    rank: int = 50

    def name(self) -> str:
        return _(self.label)

    def footer(self) -> str:
        """Returns the word in the footer; empty if it has none."""
        return _(self.short) if self.short else ""


def _move(id: str, keys: str, label: str, group: KeyGroup, **more: object) -> Move:
    make: Callable[..., Move] = Move
    return make(id=id, keys=tuple(keys.split()), label=label, group=group, **more)


MOVES: tuple[Move, ...] = (
    _move("line", "up down j k", N_("Row"), KeyGroup.MOVE),
    _move("side", "left right h l", N_("Folders, table; fold"), KeyGroup.MOVE, places=_SIDES),
    _move("ends", "g G", N_("First, last"), KeyGroup.MOVE, spare=("home", "end")),
    _move("page", "pageup pagedown ctrl+u ctrl+d", N_("Page"), KeyGroup.MOVE),
    _move("pane", "tab shift+tab", N_("Next pane, tab, field"), KeyGroup.MOVE, places=_PANES),
    _move("back", "escape", N_("Back"), KeyGroup.MOVE),
    _move("filter", "slash", N_("Filter or search"), KeyGroup.FIND, places=_SEARCHABLE, short=N_("Filter"), rank=32),
    _move(
        "select",
        "space",
        N_("This row"),
        KeyGroup.SELECT,
        places=_SELECTABLE,
        short=N_("Select"),
        short_in=_SELECTABLE - {Place.CLIENT_DOCUMENTS},
        rank=2,
    ),
    _move("select-range", "V", N_("A range"), KeyGroup.SELECT, places=_SELECTABLE),
    _move("select-all", "A", N_("All that match"), KeyGroup.SELECT, places=_SELECTABLE),
    _move("sort", "s", N_("Sort"), KeyGroup.TABLE, places=_LISTS - {Place.CLIENT, Place.STORE}),
    _move("folders", "t", N_("Folders on, off"), KeyGroup.TABLE, places=_TABLE),
    _move("beside", "v", N_("Document beside"), KeyGroup.TABLE, places=_TABLE),
    _move("menu", "full_stop", N_("Actions menu"), KeyGroup.ACTIONS, spare=("semicolon",), short=N_("Actions"), rank=5),
    _move("palette", "colon ctrl+p", N_("Command palette"), KeyGroup.EVERYWHERE),
    _move("help", "question_mark", N_("This help"), KeyGroup.EVERYWHERE, spare=("comma",)),
    _move("suspend", "ctrl+z", N_("Suspend"), KeyGroup.EVERYWHERE),
    _move("quit", "q", N_("Quit"), KeyGroup.EVERYWHERE),
)


_SHOWN: dict[str, str] = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "enter": "Enter", "escape": "Esc", "tab": "Tab",
    "shift+tab": "Shift+Tab", "space": "Space", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End",
    "full_stop": ".", "slash": "/", "colon": ":", "question_mark": "?", "exclamation_mark": "!", "comma": ",",
    "equals_sign": "=", "delete": "Del",
    "semicolon": ";", "plus": "+", "minus": "-", "quotation_mark": '"', "apostrophe": "'", "ampersand": "&",
    "latin_small_letter_e_with_acute": "é",
}  # fmt: skip


def shown_key(key: str) -> str:
    """Returns how a key is written for people: `full_stop` becomes `.`, `ctrl+u` becomes `Ctrl+U`."""
    if key in ("enter", "space", "home", "end"):
        return {"enter": _("Enter"), "space": _("Space"), "home": _("Home"), "end": _("End")}[key]
    if key.startswith("ctrl+"):
        return f"Ctrl+{key[5:].upper()}"
    return _SHOWN.get(key, key)


def key_written(text: str) -> str | None:
    """Returns the key that is written so (`Esc` gives `escape`); `None` if several keys are."""
    with_control = (f"ctrl+{letter}" for letter in string.ascii_lowercase)
    keys: list[str] = [*_SHOWN, *string.ascii_letters, *string.digits, *with_control]
    return next((key for key in keys if shown_key(key) == text), None)


def shown_keys(keys: tuple[str, ...]) -> str:
    """Returns several keys as one text, with arrows close together."""
    text = " ".join(shown_key(key) for key in keys)
    return text.replace("↑ ↓", "↑↓").replace("← →", "←→")
