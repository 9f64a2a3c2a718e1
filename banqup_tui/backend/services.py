"""What a command's handler is given, and how it says no."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from banqup_tui.backend.problems import problem
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import Message
from banqup_tui.protocol.problems import ProblemType

if TYPE_CHECKING:
    from sqlalchemy import Row

    from banqup_tui.backend.db.file_store import FileStore
    from banqup_tui.backend.db.transaction import Database, Transaction
    from banqup_tui.backend.db.vault import Vault
    from banqup_tui.backend.intake.parsed_files import ParsedFiles
    from banqup_tui.backend.integrations.oauth.refresh_locks import Renewing
    from banqup_tui.backend.integrations.registry import Extensions
    from banqup_tui.backend.ledger.bulk_jobs import Progress
    from banqup_tui.backend.ledger.grace_period import GracePeriod


class Services(msgspec.Struct, frozen=True):
    """The parts of one running service, made once at start-up (`opening.make_services`) and passed to its functions.

    Their modules import this one, so it names their types only. `jobs`: what does a portion of a durable job, by the
    job's kind; bulk sending, which is the ledger's own, is not among them.
    """

    space_id: str
    database: Database
    files: FileStore
    extensions: Extensions
    vault: Vault
    grace_period: GracePeriod
    renewing: Renewing
    parsed: ParsedFiles
    jobs: Mapping[str, Callable[[Transaction, Services, Row[Any]], Progress]]


class Context(msgspec.Struct, frozen=True):
    """Who asks, and what that user had seen (`seen_seq`, a change number) when asking."""

    services: Services
    user_id: str
    seen_seq: int


Handler = Callable[["Transaction", Any, Context], Any]
"""`handle(transaction, body, context)` writes through `transaction` and returns the result (JSON), or raises `Refused`.

Each room of the backend lists its handlers as `HANDLERS: dict[type[Value], Handler]`.
"""


Preparation = Callable[["Services", Any], None]
"""`prepare(services, body)` does what is slow and without effect before the command's transaction. Never raises."""


def prepared_by(prepare: Preparation) -> Callable[[Handler], Handler]:
    """Decorates a handler whose command has something to do before its transaction."""

    def mark(handler: Handler) -> Handler:
        handler.prepare = prepare  # type: ignore[attr-defined]
        return handler

    return mark


def preparation_of(handler: Handler) -> Preparation | None:
    return getattr(handler, "prepare", None)


class Refused(BanqupError):
    """Nothing is done; the refusal is final and recorded under the command's key.

    `beside(transaction)` is written all the same, in the transaction of the refusal: what the user finds about it
    elsewhere.
    """

    def __init__(
        self,
        type_: ProblemType,
        message: Message | str,
        remedy: str = "",
        *,
        field: str | None = None,
        beside: Callable[[Transaction], None] | None = None,
    ) -> None:
        super().__init__(message, remedy)
        self.beside = beside
        self.problem = problem(type_, self.message, field=field, recorded=True)
