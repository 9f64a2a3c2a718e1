"""What places need of the app: the session, the state in the header, messages, and going to other places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from textual.screen import Screen

from banqup_tui.actions.context import Context, Subject
from banqup_tui.actions.places import Destination, Place
from banqup_tui.actions.prompts import Tone
from banqup_tui.sync.session import Session
from banqup_tui.widgets.header import PlaceLabel as HeaderPlace
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.sheet import Sheet

if TYPE_CHECKING:
    from banqup_tui.screens.document_reader import Library
    from banqup_tui.screens.place import PlaceScreen


class AppProtocol(Protocol):
    """The app, as places see it."""

    @property
    def session(self) -> Session: ...

    @property
    def library(self) -> Library: ...

    @property
    def is_copying(self) -> bool:
        """Whether the first copy has not begun or is not complete."""
        ...

    def places(self) -> tuple[HeaderPlace, ...]: ...

    def show_state(self, sheet: Sheet) -> None:
        """Shows the firm and the state of the synchronisation in the header of a sheet."""
        ...

    def handle_fault(self, error: Exception) -> bool:
        """Handles a fault of this computer and returns true; returns false for other errors.

        The fault is shown, and stays the state of the synchronisation until it is over.
        """
        ...

    def record(self, error: Exception) -> None:
        """Writes an error of the program to its log."""
        ...

    def now(self) -> datetime:
        """Returns the time in the user's time zone."""
        ...

    def integration_labels(self) -> dict[str, str]: ...

    def context(self, screen: PlaceScreen, subject: Subject) -> Context: ...

    def status_words(self, document_id: str, in_front: Sequence[Word] = ()) -> Sequence[Word]: ...

    def say(
        self,
        text: str,
        tone: Tone = Tone.PLAIN,
        shorter: Sequence[str] = (),
        *,
        holds: Callable[[], bool] | None = None,
        then: Callable[[], None] | None = None,
    ) -> None: ...

    def go(self, destination: Destination) -> None: ...

    def open_client(self, client_id: str) -> None: ...

    def go_to_root(self, place: Place) -> None: ...

    def go_back(self) -> None: ...

    async def push_and_wait(self, screen: Screen[None]) -> object: ...

    def screen_left(self, screen: Screen[None], answer: object) -> None: ...
