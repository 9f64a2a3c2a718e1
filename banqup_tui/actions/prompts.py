"""How an action asks the user, and tells: the terminal and the command line both implement `Ask`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from banqup_tui.actions.places import Destination
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.extension import Words
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.values import Value
from banqup_tui.protocol.messages import BackfillCount, SignIn, TestResult


class Choice(Value, frozen=True, kw_only=True):
    """`reason` is set where it cannot be chosen: it is shown dimmed with it."""

    id: str
    label: str
    note: str = ""
    key: str = ""
    reason: str | None = None


class Choosing(Value, frozen=True, kw_only=True):
    """`steps`: it is the first of so many, and goes on by a button. `search`: of hundreds, found by typing."""

    title: str
    choices: Sequence[Choice]
    hint: str = ""
    steps: int = 0
    search: bool = False


class Confirming(Value, frozen=True, kw_only=True):
    """`button` says what it does, with the number; `dangerous` ones do not have it under the cursor at first."""

    title: str
    lines: Sequence[str] = ()
    button: str
    dangerous: bool = False


class Deciding(Value, frozen=True, kw_only=True):
    """Ways to go on, as buttons; the first is under the cursor."""

    title: str
    lines: Sequence[str]
    choices: Sequence[Choice]


class TickRow(Value, frozen=True, kw_only=True):
    """`has` is what is there now, with the state whose sign stands before it; `note` shows while one is on the row."""

    id: str
    label: str
    has: str
    state: DeliveryState | None
    ticked: bool
    possible: bool
    note: str = ""
    warning: bool = False


class TickSummary(Value, frozen=True, kw_only=True):
    """What the ticks as they are now would do: a text for each row, lines below, and the button (`""`: nothing).

    `title`, `subtitle`, `has` (text and state by row) and `wanted` (rows ticked without further question) are of what
    would be done with these options; without them those of the question hold.
    """

    effects: Mapping[str, str]
    lines: Sequence[str]
    button: str
    title: str = ""
    subtitle: str = ""
    has: Mapping[str, tuple[str, DeliveryState | None]] = {}
    wanted: frozenset[str] = frozenset()


class Ticked(Value, frozen=True, kw_only=True):
    ids: frozenset[str]
    option: bool = False
    processed: bool = False


class Ticking(Value, frozen=True, kw_only=True):
    """A list to tick, perhaps with options below; `summary` is pure and called after each tick.

    `processed`: the option to take also what is marked as processed.
    """

    title: str
    subtitle: str
    columns: tuple[str, str, str]
    rows: Sequence[TickRow]
    summary: Callable[[Ticked], TickSummary]
    option: str | None = None
    processed: str | None = None


CountOlder = Callable[[Sequence[Folder], date | None], Awaitable[BackfillCount | None]]
"""How many documents were there before in these folders, dated on that day or later; None where it is not known."""


class Naming(Value, frozen=True, kw_only=True):
    """An integration is given a name of its own, none of those that are `taken`."""

    taken: Sequence[str]
    suggestion: str = ""


class SigningIn(Protocol):
    """Signing in at a provider in the browser, for a field that is a sign-in. Everything may raise `BanqupError`."""

    @property
    def has_browser(self) -> bool:
        """One can be opened on this computer's screen."""
        ...

    async def begin(self, field: str, values: Mapping[str, Any]) -> SignIn: ...

    async def state(self, sign_in_id: str) -> SignIn: ...

    async def returned(self, sign_in_id: str, address: str) -> SignIn:
        """The address to which the browser was sent back."""
        ...


class Form(Value, frozen=True, kw_only=True):
    """Settings to fill in, drawn from a JSON Schema (`Extension.settings_schema`).

    `values` are this level's own values, `inherited` those of the firm; `secrets` are kept and never shown.
    `test` tries values that are not kept yet, `look` only checks them and says where a document would go. `sign_in`
    signs in with them; its id is the field's value then.
    `folders`: those that are ticked to begin with, None where they are not asked; `takes`: those that may be. `older`:
    documents that were there before, to be sent too if ticked; `count_older` counts them anew. `examples`:
    placeholders filled. `is_complete` is false where others will add what is missing. `step`: of how many.
    """

    title: Sequence[str]
    schema: Mapping[str, Any]
    level: str
    button: str
    values: Mapping[str, Any] = {}
    inherited: Mapping[str, Any] = {}
    secrets: Sequence[str] = ()
    inherited_secrets: Sequence[str] = ()
    description: Words | None = None
    test: Callable[[Mapping[str, Any]], Awaitable[TestResult]] | None = None
    look: Callable[[Mapping[str, Any]], Awaitable[TestResult]] | None = None
    sign_in: SigningIn | None = None
    older: BackfillCount | None = None
    count_older: CountOlder | None = None
    folders: Sequence[Folder] | None = None
    takes: Sequence[Folder] = ALL_FOLDERS
    naming: Naming | None = None
    examples: Mapping[str, str] = {}
    is_complete: bool = True
    step: tuple[int, int] | None = None


class Filled(Value, frozen=True, kw_only=True):
    """Only what differs from the inherited; `None` takes a value away.

    `older`: the count that the user saw when it was ticked, and is to be sent too, `since` a day or all of it.
    """

    values: Mapping[str, Any]
    older: BackfillCount | None = None
    since: date | None = None
    folders: tuple[Folder, ...] | None = None
    label: str | None = None


class Standing(StrEnum):
    """How one row of a review stands."""

    READY = "READY"
    NEEDS = "NEEDS"
    HAS = "HAS"


class ReviewRow(Value, frozen=True, kw_only=True):
    """`note`: what it will be, what it needs, or why nothing happens with it."""

    id: str
    label: str
    standing: Standing
    note: str


class Reviewing(Value, frozen=True, kw_only=True):
    """Many things about to be done, one row each. `edit` changes one of them; `rows` is asked again then."""

    title: Sequence[str]
    columns: tuple[str, str]
    rows: Callable[[], Sequence[ReviewRow]]
    edit: Callable[[str], Awaitable[None]]
    go_on: Callable[[], str]
    step: tuple[int, int] | None = None


class Tone(StrEnum):
    PLAIN = "PLAIN"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Notice(Value, frozen=True, kw_only=True):
    """`undo_keys` are the commands that `u` takes back as long as they were not tried.

    `shorter`: the same in fewer words, for where `text` has no room; the last is the shortest.
    `plain_text` is the sentence without what belongs to the terminal: how it is taken back, that it waits here.
    `holds`: whether it is still so; where it is not, the message goes, and `later` comes in its place if that is so.
    """

    text: str
    tone: Tone = Tone.PLAIN
    undo_keys: tuple[str, ...] = ()
    plain: str = ""
    shorter: tuple[str, ...] = ()
    holds: Callable[[], bool] | None = None
    later: Notice | None = None

    @property
    def plain_text(self) -> str:
        return self.plain or self.text


class ProgressReporter(Protocol):
    def advance(self, text: str = "", steps: int = 1) -> None: ...

    def done(self) -> None: ...


class Ask(Protocol):
    """`None` is always: the user went away without an answer, and nothing happens."""

    async def choose(self, question: Choosing) -> str | None: ...

    async def tick(self, question: Ticking) -> Ticked | None: ...

    async def confirm(self, question: Confirming) -> bool: ...

    async def decide(self, question: Deciding) -> str | None: ...

    async def fill_in(self, form: Form) -> Filled | None: ...

    async def review(self, question: Reviewing) -> bool: ...

    async def where_to(self, title: str, suggestion: Path) -> Path | None:
        """A directory or file to write to."""
        ...

    async def which_files(self, title: str) -> Sequence[Path] | None: ...

    def notify(self, message: Notice) -> None: ...

    def progress(self, title: str, total: int | None = None) -> ProgressReporter: ...

    def go(self, destination: Destination) -> None: ...

    def copy(self, text: str) -> None:
        """To the clipboard of the terminal."""
        ...

    def show_only_errors(self) -> None: ...

    async def open_outside(self, path: Path) -> None: ...
