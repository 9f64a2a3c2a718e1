"""The questions and notices of actions. The terminal and the command line implement `Ask`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from banqup_tui.actions.places import Destination
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.extension import Words
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.setting_rules import Schema
from banqup_tui.domain.values import Value
from banqup_tui.protocol.messages import BackfillCount, SignIn, TestResult


class Choice(Value, frozen=True, kw_only=True):
    """An option. If it cannot be chosen, `reason` says why; it is then shown dimmed."""

    id: str
    label: str
    note: str = ""
    key: str = ""
    reason: Message | None = None


class ChoiceQuestion(Value, frozen=True, kw_only=True):
    """A question with options.

    `steps`: the question is the first of so many steps, and has a button that goes on. `search`: there are hundreds of
    options, and the user finds one by typing. `lines` stand between the title and the options.
    """

    title: str
    choices: Sequence[Choice]
    hint: str = ""
    steps: int = 0
    search: bool = False
    lines: Sequence[str] = ()


class ConfirmQuestion(Value, frozen=True, kw_only=True):
    """A question whose button names what it does, with the number. If it is `dangerous` the cursor is not on it."""

    title: str
    lines: Sequence[str] = ()
    button: str
    dangerous: bool = False


class DecisionQuestion(Value, frozen=True, kw_only=True):
    """A question whose answers are buttons; the cursor is on the first."""

    title: str
    lines: Sequence[str]
    choices: Sequence[Choice]


class TickRow(Value, frozen=True, kw_only=True):
    """A row with a box to tick.

    `has` is what the integration has already, after the sign of `state`; `note` is shown while the cursor is on the
    row.
    """

    id: str
    label: str
    has: str
    state: DeliveryState | None
    ticked: bool
    possible: bool
    note: str = ""
    warning: bool = False


class TickSummary(Value, frozen=True, kw_only=True):
    """The effect that the present ticks would have.

    Attributes:
        effects: The effect of each row, by id.
        lines: Sentences below the rows.
        button: The button; empty if nothing would be done.
        title, subtitle, has: Replace those of the question, if they depend on the options.
        wanted: The rows that are ticked to begin with under these options.
    """

    effects: Mapping[str, str]
    lines: Sequence[str]
    button: str
    title: str = ""
    subtitle: str = ""
    has: Mapping[str, tuple[str, DeliveryState | None]] = {}
    wanted: frozenset[str] = frozenset()


class TickAnswer(Value, frozen=True, kw_only=True):
    """The ids of the ticked rows, and whether the two options are on."""

    ids: frozenset[str]
    option: bool = False
    processed: bool = False


class TickList(Value, frozen=True, kw_only=True):
    """A list to tick, with up to two options below it.

    Attributes:
        columns: The labels of the three columns.
        summary: Is called after each tick, and has no effects.
        option: The option to send again what has arrived already.
        processed: The option to take also what is marked as processed.
    """

    title: str
    subtitle: str
    columns: tuple[str, str, str]
    rows: Sequence[TickRow]
    summary: Callable[[TickAnswer], TickSummary]
    option: str | None = None
    processed: str | None = None


CountOlder = Callable[[Sequence[Folder], date | None], Awaitable[BackfillCount | None]]
"""Counts the older documents in folders, dated on that day or later; `None` if they cannot be counted now."""


class NameQuestion(Value, frozen=True, kw_only=True):
    """A name that the user gives to an integration; it must not be among `taken`."""

    taken: Sequence[str]
    suggestion: str = ""


class SignInSteps(Protocol):
    """A sign-in at a provider in the browser, for a setting that is a sign-in. All coroutines raise `BanqupError`."""

    @property
    def has_browser(self) -> bool:
        """Whether a browser can be opened in front of the user."""
        ...

    async def begin(self, field: str, values: Mapping[str, object]) -> SignIn:
        """Begins a sign-in for the setting `field` with the values of the form."""
        ...

    async def state(self, sign_in_id: str) -> SignIn:
        """Returns the present state of the sign-in."""
        ...

    async def returned(self, sign_in_id: str, address: str) -> SignIn:
        """Completes the sign-in with the address to which the browser was sent back."""
        ...


class Form(Value, frozen=True, kw_only=True):
    """Settings to fill in, as the JSON Schema of the extension describes them (`Extension.settings_schema`).

    Attributes:
        level: `firm` or `client`: whose settings these are; `document` for its values.
        values: The present values of this level; `inherited` those of the firm, used where this level has none.
        secrets: The names of stored secrets, which are never shown; `inherited_secrets` those of the firm.
        test: Tests unsaved values at the receiver.
        look: Checks unsaved values without the receiver, and says where a document would go.
        sign_in: Signs in with unsaved values; the id of the sign-in becomes the value of the field.
        folders: The folders that are ticked to begin with; `None` if folders are not asked.
        takes: The folders that may be ticked.
        older: The older documents that can be sent too; `count_older` counts them again after a change.
        naming: Asks for a name of the integration.
        examples: Values of placeholders, for the example of a path.
        is_complete: False if missing settings are filled in later.
        step: The number of the step, and of how many.
    """

    title: Sequence[str]
    schema: Schema
    level: str
    button: str
    values: Mapping[str, object] = {}
    inherited: Mapping[str, object] = {}
    secrets: Sequence[str] = ()
    inherited_secrets: Sequence[str] = ()
    description: Words | None = None
    test: Callable[[Mapping[str, object]], Awaitable[TestResult]] | None = None
    look: Callable[[Mapping[str, object]], Awaitable[TestResult]] | None = None
    sign_in: SignInSteps | None = None
    older: BackfillCount | None = None
    count_older: CountOlder | None = None
    folders: Sequence[Folder] | None = None
    takes: Sequence[Folder] = ALL_FOLDERS
    naming: NameQuestion | None = None
    examples: Mapping[str, str] = {}
    is_complete: bool = True
    step: tuple[int, int] | None = None


class FormAnswer(Value, frozen=True, kw_only=True):
    """The answer of a form.

    Attributes:
        values: The values that differ from the inherited ones; `None` removes a value.
        older: The count that the user saw when ticking the older documents; `None` if they are not sent.
        since: Only documents dated on this day or later are sent; `None` for all.
    """

    values: Mapping[str, object]
    older: BackfillCount | None = None
    since: date | None = None
    folders: tuple[Folder, ...] | None = None
    label: str | None = None


class ReviewState(StrEnum):
    """The state of a row under review."""

    READY = "READY"
    NEEDS = "NEEDS"
    HAS = "HAS"


class ReviewRow(Value, frozen=True, kw_only=True):
    """A row under review. `note` says what will be done, what is missing, or why nothing is done."""

    id: str
    label: str
    state: ReviewState
    note: str


class ReviewQuestion(Value, frozen=True, kw_only=True):
    """A review of many things about to be done, one row each.

    `edit` changes the row with an id, after which `rows` is called again; `go_on` gives the button, empty if nothing is
    ready.
    """

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
    """A notice to the user.

    Attributes:
        undo_keys: The commands that `u` takes back.
        plain: The sentence without the notes of the terminal, such as how to undo; `text` if empty.
        shorter: The same in fewer words, longest first, for narrow terminals.
        holds: Returns whether the notice is still true. If not, it goes and `later` takes its place, if that is true.
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
    """How an action asks and informs the user. The answer `None` means that the user left: nothing may happen then."""

    async def choose(self, question: ChoiceQuestion) -> str | None: ...

    async def tick(self, question: TickList) -> TickAnswer | None: ...

    async def confirm(self, question: ConfirmQuestion) -> bool: ...

    async def decide(self, question: DecisionQuestion) -> str | None: ...

    async def fill_in(self, form: Form) -> FormAnswer | None: ...

    async def review(self, question: ReviewQuestion) -> bool: ...

    async def where_to(self, title: str, suggestion: Path) -> Path | None:
        """Asks for a directory or file to write to."""
        ...

    async def which_files(self, title: str) -> Sequence[Path] | None: ...

    def notify(self, message: Notice) -> None: ...

    def progress(self, title: str, total: int | None = None) -> ProgressReporter: ...

    def go(self, destination: Destination) -> None: ...

    def copy(self, text: str) -> None:
        """Copies a text to the clipboard of the terminal."""
        ...

    def show_only_errors(self) -> None: ...

    async def open_outside(self, path: Path) -> None: ...
