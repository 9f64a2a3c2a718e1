"""The private names of Textual that the program uses, because it has no public ones for it: they are still there."""

import inspect
from pathlib import Path

import pytest
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget

METHODS = [
    (Widget, "_exchange_repaint_regions", ["self"]),
    (Screen, "_forward_event", ["self", "event"]),
    (Screen, "_reset_focus", ["self", "widget", "avoiding"]),
    (Message, "_set_forwarded", ["self"]),
    (MessagePump, "_dispatch_message", ["self", "message"]),
    (App, "_handle_exception", ["self", "error"]),
]
ATTRIBUTES = [
    (Widget, "_repaint_required"),
    (Widget, "_size"),
    (App, "_driver"),
    (LinuxDriver, "_file"),
    (LinuxDriver, "_app"),
    (LinuxDriver, "_debug"),
]


@pytest.mark.parametrize(("owner", "name", "parameters"), METHODS)
def test_a_private_method_is_called_as_before(owner: type, name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


@pytest.mark.parametrize(("owner", "name"), ATTRIBUTES)
def test_a_private_attribute_is_set_as_before(owner: type, name: str) -> None:
    sources = [Path(inspect.getfile(base)).read_text("utf-8") for base in owner.__mro__ if base is not object]
    assert any(f"self.{name}" in source for source in sources)
