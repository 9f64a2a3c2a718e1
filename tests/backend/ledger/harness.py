"""A small practice with a database of its own, receivers that can be told what to do, and a clock moved by hand."""

import asyncio
import hashlib
import random
import uuid
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.file_store import FileStore
from banqup_tui.backend.db.transaction import space_seq
from banqup_tui.backend.db.vault import of_version
from banqup_tui.backend.dispatch.loop import Dispatch
from banqup_tui.backend.ledger.bulk_jobs import step
from banqup_tui.backend.ledger.claim import Claim, claim, mark
from banqup_tui.backend.ledger.grace_period import GracePeriod
from banqup_tui.backend.ledger.look_up import claim_checks
from banqup_tui.backend.ledger.outcome import record
from banqup_tui.backend.ledger.planner import plan, waiting_integration
from banqup_tui.backend.ledger.rules import LedgerRules
from banqup_tui.backend.ledger.status import update_status
from banqup_tui.backend.ledger.takeover import take_over
from banqup_tui.backend.ledger.timing import Timing
from banqup_tui.backend.runtime import components
from banqup_tui.backend.runtime.startup import make_services
from banqup_tui.backend.services import CommandContext, CommandRefused
from banqup_tui.connectors.interface import Uncertain
from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document, DocumentKind
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.status import accounting_status_with
from banqup_tui.protocol.commands import Send
from banqup_tui.protocol.messages import EntityKind
from tests.backend.ledger.clock import Clock
from tests.backend.ledger.ledger_template import SPACE, ledger_database
from tests.backend.ledger.receiver import Receiver, Shelf
from tests.support.waiting import until as wait_until

ANNE, BART = str(uuid.UUID(int=0xA)), str(uuid.UUID(int=0xB))


_HANDLERS = components.handlers()


class OpenVault:
    def seal(self, place: Any, values: dict[str, Any]) -> bytes:
        return msgspec.json.encode(values)

    def open(self, place: Any, sealed: bytes) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(sealed)
        return found


class LedgerHarness:
    def __init__(self, root: Path, timing: Timing | None = None, seed: int | None = None) -> None:
        """`seed`: the same wishes then give the same identifiers."""
        root.mkdir(exist_ok=True)
        self.clock = Clock()
        self._chance = random.Random(seed) if seed is not None else random.Random()
        self.timing = timing or Timing()
        self.space_id = SPACE
        self.database = ledger_database(root / "backend.sqlite")
        self.shelf = Shelf()
        self.services = make_services(
            space_id=self.space_id,
            database=self.database,
            files=FileStore(root / "files"),
            extensions=self.shelf,  # type: ignore[arg-type]
            vault=OpenVault(),  # type: ignore[arg-type]
            grace_period=GracePeriod(clock=self.clock.monotonic),
        )
        self.rules = LedgerRules.of(self.services, self.timing)

    # what is there

    def receiver(self, kind: ReceiverKind = ReceiverKind.RENAME, key_seconds: float | None = None) -> Receiver:
        made = Receiver(kind, key_seconds)
        self.shelf.receivers[made.manifest.id] = made
        return made

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

    def client(self, name: str = "Parvis") -> str:
        client_id = self.new_id()
        value = msgspec.json.encode(Client(id=client_id, reference=f"{name}-{client_id[:8]}", name=name))
        with self.write() as transaction:
            row = {"id": client_id, "space_id": self.space_id, "reference": client_id, "seq": 0, "value": value}
            transaction.execute(insert(tables.client), row)
            transaction.changed(EntityKind.CLIENT, client_id, client_id=client_id)
        return client_id

    def integration(
        self,
        client_id: str,
        receiver: Any,
        *,
        folders: Sequence[Folder] = ALL_FOLDERS,
        concurrency: int = 4,
        inbox: str = "in",
        settings: dict[str, Any] | None = None,
    ) -> str:
        integration_id = self.new_id()
        definition = getattr(receiver, "definition", receiver)
        definition.manifest = msgspec.structs.replace(receiver.manifest, concurrency=concurrency)
        destination = f"fake:{inbox}"
        with self.write() as transaction:
            row = {
                "id": integration_id,
                "space_id": self.space_id,
                "client_id": client_id,
                "installation_id": self.new_id(),
                "extension_id": receiver.manifest.id,
                "label": "Books",
                "state": "ACTIVE",
                "folders": " ".join(folders),
                "activated_seq": 0,
                "activated_at": transaction.now,
                "planned_seq": 0,
                "settings_version": 1,
                "destination": destination,
                "concurrency": concurrency,
                "seq": 0,
            }
            transaction.execute(insert(tables.integration), row)
            self._settings(transaction, integration_id, 1, inbox, settings)
            transaction.changed(EntityKind.INTEGRATION, integration_id, client_id=client_id)

            def activate(connection: Any, number: int) -> None:
                of = tables.integration.c.id == integration_id
                numbers = {"activated_seq": number, "planned_seq": number}
                connection.execute(update(tables.integration).where(of).values(numbers))

            transaction.after_numbers(activate)
        return integration_id

    def configure(self, integration_id: str, inbox: str) -> None:
        locked = self.row(tables.integration, integration_id)
        version = locked.settings_version + 1
        with self.write() as transaction:
            self._settings(transaction, integration_id, version, inbox)
            values = {"settings_version": version, "destination": f"fake:{inbox}"}
            transaction.execute(
                update(tables.integration).where(tables.integration.c.id == integration_id).values(values)
            )

    def _settings(
        self, transaction: Any, integration_id: str, version: int, inbox: str, settings: dict[str, Any] | None = None
    ) -> None:
        sealed = self.services.vault.seal(
            of_version(integration_id, version, "effective"), settings or {"inbox": inbox}
        )
        row = {"integration_id": integration_id, "version": version, "destination": f"fake:{inbox}"}
        transaction.execute(insert(tables.settings), row | {"own": sealed, "effective": sealed})

    def documents(self, client_id: str, count: int, **how: Any) -> list[str]:
        with self.write() as transaction:
            return [self._document(transaction, client_id, **how) for _ in range(count)]

    def document(self, client_id: str, **how: Any) -> str:
        return self.documents(client_id, 1, **how)[0]

    def _document(
        self,
        transaction: Any,
        client_id: str,
        *,
        folder: Folder = Folder.PURCHASE_INVOICES,
        approved: bool = True,
        content: str | None = None,
        same_as: str | None = None,
    ) -> str:
        """`same_as`: it is held, as the same as this earlier document."""
        document_id = self.new_id()
        text = (content or document_id).encode()
        sha256 = hashlib.sha256(text).hexdigest()
        self.services.files.put([text])
        value = Document(
            id=document_id,
            client_id=client_id,
            folder=folder,
            kind=DocumentKind.INVOICE,
            file_name=f"{document_id[:8]}.xml",
            media_type="application/xml",
            size=len(text),
            sha256=sha256,
            created_at=transaction.now,
            number=document_id[:8],
            issue_date=date(2026, 11, 20),
            same_as=same_as,
        )
        row = {
            "id": document_id,
            "space_id": self.space_id,
            "client_id": client_id,
            "folder": folder,
            "sha256": sha256,
            "created_at": transaction.now,
            "filed_year": 2026,
            "filed_month": 11,
            "created_seq": 0,
            "ready_seq": 0 if approved and same_as is None else None,
            "seq": 0,
            "approved": approved,
            "processed": False,
            "accounting_status": "READY_TO_PROCESS" if approved else "CLIENT_ACTION_NEEDED",
            "duplicate": "HELD" if same_as else None,
            "value": msgspec.json.encode(value),
        }
        transaction.execute(insert(tables.document), row)
        transaction.changed(EntityKind.DOCUMENT, document_id, client_id=client_id)
        update_status(transaction, [document_id])
        return document_id

    def approve(self, document_id: str) -> None:
        with self.write() as transaction:
            of = tables.document.c.id == document_id
            transaction.execute(update(tables.document).where(of).values(approved=True, ready_seq=0))
            transaction.changed(EntityKind.DOCUMENT, document_id)
            update_status(transaction, [document_id])

    def delete(self, document_id: str) -> None:
        with self.write() as transaction:
            transaction.execute(tables.document.delete().where(tables.document.c.id == document_id))

    # what is done

    def write(self) -> Any:
        return self.database.write(self.space_id, self.clock.now())

    def do(self, body: Any, *, by: str = ANNE, seen: int | None = None) -> Any:
        """Runs a command as the service does; `seen`: the number that the user's copy had."""
        context = CommandContext(services=self.services, user_id=by, seen_seq=self.seq() if seen is None else seen)
        with self.write() as transaction:
            return _HANDLERS[type(body)](transaction, body, context)

    def refused(self, body: Any, **how: Any) -> CommandRefused:
        before = self.dump()
        try:
            result = self.do(body, **how)
        except CommandRefused as refused:
            assert self.dump() == before
            return refused
        raise AssertionError(f"was not refused: {result}")

    def claim(self, owner: str = "me", free: int = 100) -> list[Claim]:
        """All that can be claimed now, turn after turn."""
        claims: list[Claim] = []
        while True:
            with self.write() as transaction:
                found = claim(transaction, self.rules, owner, free - len(claims))
            if found is None or len(claims) + len(found) == free:
                return claims + (found or [])
            claims += found

    def mark(self, claim: Claim, resume_token: str = ".hidden") -> bool:
        with self.write() as transaction:
            return mark(transaction, self.rules, claim, resume_token)

    def record(self, claim: Claim, result: Any, **how: Any) -> str | None:
        with self.write() as transaction:
            return record(transaction, self.rules, claim, result, **how)

    def checks(self, owner: str = "me") -> list[Claim]:
        with self.write() as transaction:
            return claim_checks(transaction, self.rules, owner, 100)

    def take_over(self, **how: Any) -> int:
        with self.write() as transaction:
            return take_over(transaction, self.rules, **how)

    def plan(self) -> None:
        planned = True
        while planned:
            with self.write() as transaction:
                planned = plan(transaction)

    def work_off_jobs(self) -> None:
        worked = True
        while worked:
            with self.write() as transaction:
                worked = step(transaction, self.services)

    def queued(self, receiver: Receiver, **how: Any) -> tuple[str, str, str]:
        """A client with one integration and one document queued for it: their ids."""
        client = self.client()
        document = self.document(client)
        integration = self.integration(client, receiver, **how)
        self.do(Send(document_ids=(document,)))
        return client, integration, document

    def committing(self, receiver: Receiver, **how: Any) -> tuple[Claim, str, str]:
        """As `queued`, and just about to send the first byte that can take effect: claim, integration, document."""
        _, integration, document = self.queued(receiver, **how)
        (claimed,) = self.claim()
        assert self.mark(claimed)
        return claimed, integration, document

    def uncertain(self, receiver: Receiver, **how: Any) -> tuple[Claim, str, str]:
        claimed, integration, document = self.committing(receiver, **how)
        self.record(claimed, Uncertain("The connection was reset."))
        return claimed, integration, document

    def dispatch(self, owner: str = "me", **how: Any) -> Dispatch:
        usual: dict[str, Any] = {"timing": self.timing, "now": self.clock.now, "monotonic": self.clock.monotonic}
        return Dispatch(self.services, owner, **usual | how)

    async def run(
        self, until: Callable[[], bool] | None = None, *, dispatch: Dispatch | None = None, seconds: float = 20
    ) -> None:
        """Dispatches until the condition holds; without one, until nothing can be done before the clock moves."""
        dispatch = dispatch or self.dispatch()
        stop = asyncio.Event()
        running = asyncio.create_task(dispatch.run(stop))
        try:
            await wait_until(lambda: running.done() or (until() if until else self.at_rest(dispatch)), seconds)
        finally:
            stop.set()
            await running
            await asyncio.to_thread(self.shelf.close)

    def at_rest(self, dispatch: Dispatch) -> bool:
        """Nothing is under way, and nothing is due before the clock moves."""
        with self.database.read() as connection:
            under_way = select(tables.delivery.c.id).where(
                (tables.delivery.c.state == "SENDING") | tables.delivery.c.recheck_by.is_not(None)
            )
            running = select(tables.job.c.id).where(tables.job.c.state == "RUNNING")
            if connection.execute(under_way).first() or connection.execute(running).first():
                return False
            if waiting_integration(connection):
                return False
            integrations = {row.id: row for row in connection.execute(select(tables.integration))}
            deliveries = list(connection.execute(select(tables.delivery)))
        now = self.clock.now()
        ready = [row for row in integrations.values() if row.ready_at and row.ready_at <= now]
        return not ready and not any(self._can_be_checked(row, integrations[row.integration_id]) for row in deliveries)

    def _can_be_checked(self, row: Any, of: Any) -> bool:
        now = self.clock.now()
        if row.check_at is None or row.check_at > now or of.state not in ("ACTIVE", "REMOVED"):
            return False
        if of.postponed_until is not None and of.postponed_until > now:
            return False
        return self.rules.kind(of.extension_id) is not ReceiverKind.LOOKUP or self.services.grace_period.past(row.id)

    # what is seen

    def seq(self) -> int:
        with self.database.read() as connection:
            return space_seq(connection, self.space_id)

    def rows(self, table: Any) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(select(table)))

    def row(self, table: Any, id_: str) -> Any:
        return next(row for row in self.rows(table) if row.id == id_)

    def deliveries(self, document_id: str | None = None) -> list[Any]:
        rows = self.rows(tables.delivery)
        return [row for row in rows if document_id in (None, row.document_id)]

    def delivery(self, document_id: str | None = None) -> Any:
        (row,) = self.deliveries(document_id)
        return row

    def status(self, document_id: str) -> str:
        return str(self.row(tables.document, document_id).accounting_status)

    def attempts(self, delivery_id: str) -> list[Any]:
        rows = [row for row in self.rows(tables.attempt) if row.delivery_id == delivery_id]
        return sorted(rows, key=lambda row: row.fence)

    def states(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in self.deliveries():
            found[row.state] = found.get(row.state, 0) + 1
        return found

    def set(self, table: Any, id_: str, **values: Any) -> None:
        with self.database.engine.begin() as connection:
            connection.execute(update(table).where(table.c.id == id_).values(**values))

    def dump(self) -> list[Any]:
        return [self.rows(tables.delivery), self.rows(tables.integration), self.rows(tables.job), self.seq()]

    def check_statuses(self) -> None:
        """The stored status of every document is what the rule derives."""
        for row in self.rows(tables.document):
            own = [
                Delivery(
                    id=of.id,
                    integration_id=of.integration_id,
                    document_id=of.document_id,
                    sha256=of.sha256,
                    state=DeliveryState(of.state),
                    check_at=of.check_at,
                    dismissed=of.dismissed,
                )
                for of in self.deliveries(row.id)
            ]
            derived = accounting_status_with(
                own, approved=row.approved, processed=row.processed, undecided=row.duplicate == "HELD"
            )
            assert row.accounting_status == derived, (row.id, own)
