"""The parts of a running service, the context of a command's handler, and the refusal of a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from banqup_tui.backend.problems import problem
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import Message
from banqup_tui.protocol.problems import ProblemType

if TYPE_CHECKING:
    from banqup_tui.backend.db.file_store import FileStore
    from banqup_tui.backend.db.records import JobRecord
    from banqup_tui.backend.db.transaction import Database, Transaction
    from banqup_tui.backend.db.vault import Vault
    from banqup_tui.backend.intake.parsed_files import ParsedFiles
    from banqup_tui.backend.integrations.oauth.refresh_locks import Renewing
    from banqup_tui.backend.integrations.registry import Extensions
    from banqup_tui.backend.ledger.bulk_jobs import JobProgress
    from banqup_tui.backend.ledger.grace_period import GracePeriod


class Services(msgspec.Struct, frozen=True):
    """The parts of one running service, made once at start-up (`make_services`) and passed to its functions.

    Attributes:
        jobs: Functions that do one portion of a job, by the kind of job. Bulk sending is not among them, because the
            ledger does it itself.
    """

    # The modules of these types import this module, so it imports them for type checking only.

    space_id: str
    database: Database
    files: FileStore
    extensions: Extensions
    vault: Vault
    grace_period: GracePeriod
    renewing: Renewing
    parsed: ParsedFiles
    jobs: Mapping[str, Callable[[Transaction, Services, JobRecord], JobProgress]]


class CommandContext(msgspec.Struct, frozen=True):
    """The context of a command.

    Attributes:
        user_id: The user who gave the command.
        seen_seq: The highest change number that the user's copy had when the command was given.
        prepared: What the handler's preparation returned; `None` without one, and of a body that cannot be read.
    """

    services: Services
    user_id: str
    seen_seq: int
    prepared: object = None


Handler = Callable[["Transaction", Any, CommandContext], object]
"""`handle(transaction, body, context)` writes through `transaction`. It returns the result (JSON) or raises
`CommandRefused`.

Each package of the backend lists its handlers by the class of the body, as `HANDLERS: dict[type[Value], Handler]`.
"""


Preparation = Callable[["Services", Any], object]
"""`prepare(services, body)` does slow work before the command's transaction, so that the database is not locked
meanwhile, and returns what the handler finds in its context. It never raises."""


def prepared_by(prepare: Preparation, *, grouped: bool = False) -> Callable[[Handler], Handler]:
    """Returns a decorator for a handler that adds its preparation.

    Args:
        grouped: Commands of the handler that follow one another are run in one transaction. All are prepared before
            the first is run.
    """

    def mark(handler: Handler) -> Handler:
        handler.prepare = prepare  # type: ignore[attr-defined]
        handler.is_grouped = grouped  # type: ignore[attr-defined]
        return handler

    return mark


def preparation_of(handler: Handler) -> Preparation | None:
    """Returns the preparation of a handler, if it has one."""
    return getattr(handler, "prepare", None)


def is_grouped(handler: Handler) -> bool:
    return getattr(handler, "is_grouped", False)


class Outdated(Exception):
    """What was prepared for a command does not fit what the database has by now; it is prepared again."""


class CommandRefused(BanqupError):
    """A command is refused. Its writes are undone, and the refusal is stored under the command's key, so it is final.

    Args:
        field: Name of the field of the body that is wrong.
    """

    def __init__(
        self,
        type_: ProblemType,
        message: Message | str,
        remedy: str = "",
        *,
        field: str | None = None,
    ) -> None:
        super().__init__(message, remedy)
        self.problem = problem(type_, self.message, field=field, recorded=True)
