"""Keys of a place: bindings from the actions, and clicks on keys in the footer."""

from __future__ import annotations

from textual import events
from textual.binding import Binding, BindingType

from banqup_tui.actions import registry
from banqup_tui.actions.moves import key_written
from banqup_tui.actions.places import Place
from banqup_tui.widgets.sheet import Sheet

_TWO_WAYS = {"side": (("left", "h"), ("right", "l")), "pane": (("shift+tab",), ("tab",))}
"""Moves that go in two directions and have a binding for each."""


def bindings_for(place: Place) -> list[BindingType]:
    """Returns a binding for every key of the place, each with an id, so that a keymap can change it."""
    bindings: list[BindingType] = []
    for binding in registry.bindings_of(place):
        if binding.id in _TWO_WAYS:
            back, on = _TWO_WAYS[binding.id]
            bindings.append(Binding(",".join(back), f"{binding.id}(-1)", id=f"{binding.id}.back", show=False))
            bindings.append(Binding(",".join(on), f"{binding.id}(1)", id=f"{binding.id}.on", show=False))
            continue
        action = f"move('{binding.id}')" if binding.is_move else f"act('{binding.id}')"
        bindings.append(Binding(",".join(binding.keys), action, id=binding.id, show=False))
    return bindings


def press_key(sheet: Sheet, written: str) -> None:
    """Sends a key that was clicked in the footer.

    It is sent as the keyboard sends it, because only then does Textual look for its binding.
    """
    key = key_written(written)
    if key is not None:
        sheet.app.post_message(events.Key(key, None).set_sender(sheet.app))
