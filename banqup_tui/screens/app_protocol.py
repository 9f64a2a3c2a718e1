"""What places know of the program around them: the session, the words on top, and how to go somewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

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
    """The app, as its places see it."""

    @property
    def session(self) -> Session: ...

    @property
    def library(self) -> Library: ...

    @property
    def is_copying(self) -> bool:
        """The first copy has not begun or is under way."""
        ...

    def places(self) -> tuple[HeaderPlace, ...]: ...

    def show_state(self, sheet: Sheet) -> None:
        """Firm and sync state into the header of a sheet."""
        ...

    def meet(self, error: Exception) -> bool:
        """Whether `error` is a fault of this computer; it is said then, and is the state until it is over."""
        ...

    def record(self, error: Exception) -> None:
        """A mistake of the program, for its log."""
        ...

    def now(self) -> datetime:
        """In the user's zone."""
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

    async def push_and_wait(self, screen: Screen[None]) -> Any: ...

    def left(self, screen: Screen[None], answer: object) -> None: ...
