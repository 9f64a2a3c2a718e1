"""A small firm at a server in memory: clients, documents in every status, integrations, extensions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from banqup_tui.domain.delivery import Attempt, Delivery, DeliveryState
from banqup_tui.domain.document import Document, DocumentKind, Duplicate, Party
from banqup_tui.domain.duplicates import DuplicateChoice
from banqup_tui.domain.extension import Category, Extension, Installation, ReceiverKind
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.messages import message, text_message
from banqup_tui.domain.source import Source
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.protocol.commands import (
    AddIntegration,
    AddSource,
    Backfill,
    Configure,
    Deactivate,
    DecideDuplicate,
    Dismiss,
    DismissUnfiled,
    Install,
    MoveDocument,
    PauseIntegration,
    PlaceFile,
    RemoveSource,
    ReopenDuplicate,
    Resend,
    Restore,
    ResumeIntegration,
    Send,
    Withdraw,
    decode,
)
from banqup_tui.protocol.messages import (
    Change,
    Command,
    CommandResult,
    CommandStatus,
    EntityKind,
    Op,
    Snapshot,
    TestRequest,
    TestResult,
    TestStep,
)
from tests.support import papers
from tests.sync.fake_server import FakeServer, a_client, a_document

NOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BAKERY, HAULIER, HOSTILE, EMPTY = "c-bakery", "c-haulier", "c-hostile", "c-empty"
MARKUP = "a[/b]c"
COLOURED = "red\x1b[31m\x1b]0;title\x07"
TURNED = "‮gnirts‬⁦"
WIDE = "漢" * 300
HOSTILE_NAME = f"{MARKUP} {COLOURED} {TURNED} {WIDE}"

TRIED = Attempt(
    started_at=NOON, ended_at=NOON, asked_by="retry", outcome="FAILED", reason=text_message("552 quota exceeded")
)
SETTINGS = {
    "type": "object",
    "required": ["path"],
    "properties": {
        "path": {
            "type": "string", "x-level": "firm", "x-template": True, "x-titles": {"en": "Path", "fr": "Chemin"},
            "x-help": {"en": "The folder on this computer. It is made when it is not there."},
        },
        "file_name": {"type": "string", "x-template": True, "x-titles": {"en": "File name"}, "x-level": "client"},
    },
}  # fmt: skip
SFTP_SETTINGS = {
    "type": "object",
    "required": ["host", "path"],
    "properties": {
        "host": {"type": "string", "x-level": "firm", "x-look": "host", "x-titles": {"en": "Host"}},
        "port": {"type": "integer", "default": 22, "x-level": "firm", "x-titles": {"en": "Port"}},
        "password": {"type": "string", "writeOnly": True, "x-level": "firm", "x-titles": {"en": "Password"}},
        "mode": {"type": "string", "enum": ["fast", "careful"], "default": "fast", "x-titles": {"en": "Mode"}},
        "path": {"type": "string", "x-template": True, "x-level": "client", "x-titles": {"en": "Path"}},
    },
}


def extension(id: str, title: str, schema: dict[str, Any] | None = None, **more: Any) -> Extension:
    return Extension(
        **{
            "id": id, "title": {"en": title}, "description": {"en": f"Documents go to {title}."}, "version": "1.0",
            "category": Category.FILES_AND_DRIVES, "kind": ReceiverKind.RENAME, "settings_schema": schema or SETTINGS,
        } | more
    )  # fmt: skip


EXTENSIONS = (
    extension("exact", "Exact Online", category=Category.ACCOUNTING_SOFTWARE, kind=ReceiverKind.NEITHER),
    extension("sftp", "SFTP", SFTP_SETTINGS),
    extension("local-folder", "Local folder"),
    extension("webdav", "WebDAV"),
    extension(
        "yuki",
        "Yuki",
        category=Category.ACCOUNTING_SOFTWARE,
        problem=message("extension.fails", id="yuki"),
    ),
)


class FirmServer(FakeServer):
    """Also extensions, installations and integrations, and sends to each active integration of the client."""

    def __init__(self) -> None:
        super().__init__(page_size=200, change_size=200)
        self.known: tuple[Extension, ...] = EXTENSIONS
        self.installations: dict[str, Installation] = {}
        self.preview: str | None = None
        self.looked: tuple[TestStep, ...] = ()
        self.backfills: list[Backfill] = []
        self.test_steps: tuple[TestStep, ...] = (
            TestStep(ok=True, message=text_message("A file was written and removed.")),
        )

    def lack(self, extension_id: str, setting: str) -> None:
        """The firm has not given this setting: each client has to."""
        old = self.installations[f"inst-{extension_id}"]
        settings = {name: value for name, value in old.settings.items() if name != setting}
        self.put_installation(msgspec.structs.replace(old, settings=settings))

    def put_installation(self, installation: Installation) -> None:
        self.installations[installation.id] = installation
        self._number(EntityKind.INSTALLATION, installation.id, Op.PUT, None)

    async def snapshot(self) -> Snapshot:
        found = await super().snapshot()
        installations = tuple(self.installations.values())
        return msgspec.structs.replace(found, extensions=self.known, installations=installations)

    async def extensions(self) -> list[Extension]:
        self._asked("extensions")
        return list(self.known)

    async def changes(self, cursor: str, limit: int = 500) -> Any:
        self.visible.add(None)  # type: ignore[arg-type]
        try:
            return await super().changes(cursor, limit)
        finally:
            self.visible.discard(None)

    def _change(self, seq: int, kind: EntityKind, key: str, op: Op, client: str | None) -> Change:
        if kind is EntityKind.INSTALLATION:
            raw = msgspec.Raw(msgspec.json.encode(self.installations[key]))
            return Change(seq=seq, kind=kind, op=op, id=key, value=raw)
        return super()._change(seq, kind, key, op, client)

    async def test(self, request: TestRequest) -> TestResult:
        self._asked("test")
        if request.dry:
            return TestResult(steps=self.looked, preview=self.preview, variables={"number": "2026-11874"})
        return TestResult(steps=self.test_steps)

    def _effect(self, command: Command) -> CommandResult:
        if command.key in self.refuses:
            return super()._effect(command)
        match decode(command.kind, command.body):
            case Send(document_ids=ids, integration_ids=to):
                for id_ in ids:
                    self._queue(id_, to)
            case Resend(copies=copies):
                for copy in copies:
                    again = msgspec.structs.replace(self.deliveries[copy.delivery_id], state=DeliveryState.QUEUED)
                    self.put_delivery(again)
            case Dismiss(delivery_ids=ids):
                for id_ in ids:
                    self.put_delivery(msgspec.structs.replace(self.deliveries[id_], dismissed=True))
            case ResumeIntegration(integration_id=id_):
                mended = {"state": IntegrationState.ACTIVE, "cause": None}
                self.put_integration(msgspec.structs.replace(self.integrations[id_], **mended))
            case Install(installation_id=id_, extension_id=of, settings=settings):
                self.put_installation(Installation(id=id_, extension_id=of, settings=settings))
            case Configure(installation_id=id_, settings=settings):
                old = self.installations[id_]
                self.put_installation(msgspec.structs.replace(old, settings={**old.settings, **settings}))
            case AddIntegration() as body:
                of = self.installations[body.installation_id].extension_id
                named = {"label": body.label} if body.label else {}
                self.put_integration(
                    integration(body.integration_id, body.client_id, of, settings=body.settings, **named)
                )
                self.backfills += [body.backfill] if body.backfill else []
            case Deactivate(installation_id=id_):
                for one in [one for one in self.integrations.values() if one.installation_id == id_]:
                    del self.integrations[one.id]
                    self._number(EntityKind.INTEGRATION, one.id, Op.DELETE, one.client_id)
            case PlaceFile(unfiled_id=id_, client_id=client_id, folder=folder):
                name = self.waiting[id_].file_name.rpartition("/")[2]
                self.take_unfiled(id_)
                self.put(a_document(f"placed-{id_}", client_id, folder=folder, file_name=name, number=None))
            case AddSource(source_id=id_, path=path, kind=kind):
                self.put_source(Source(id=id_, kind=kind, path=path))
            case RemoveSource(source_id=id_):
                self.remove_source(id_)
            case DismissUnfiled(unfiled_ids=ids):
                for id_ in ids:
                    self.take_unfiled(id_)
            case DecideDuplicate(document_id=id_, choice=choice):
                withdrawal = {"withdrawn_at": NOON} if choice is DuplicateChoice.ONE_DOCUMENT else {}
                decided = {"duplicate": Duplicate(choice), "accounting_status": AccountingStatus.READY_TO_PROCESS}
                self.put(msgspec.structs.replace(self.documents[id_], **decided, **withdrawal))
            case ReopenDuplicate(document_id=id_):
                undecided = {"duplicate": Duplicate.UNDECIDED, "accounting_status": AccountingStatus.ERROR}
                self.put(msgspec.structs.replace(self.documents[id_], **undecided, withdrawn_at=None))
            case Withdraw(document_ids=ids) | Restore(document_ids=ids) as body:
                withdrawn_at = NOON if isinstance(body, Withdraw) else None
                for id_ in ids:
                    self.put(msgspec.structs.replace(self.documents[id_], withdrawn_at=withdrawn_at))
            case MoveDocument(document_id=id_, client_id=client_id, folder=folder):
                self.put(msgspec.structs.replace(self.documents[id_], client_id=client_id, folder=folder))
            case PauseIntegration(integration_id=id_):
                paused = msgspec.structs.replace(self.integrations[id_], state=IntegrationState.PAUSED)
                self.put_integration(paused)
            case _:
                return super()._effect(command)
        self.effects.append(command.key)
        self.seq += 1
        return CommandResult(key=command.key, status=CommandStatus.DONE, seq=self.seq)

    def _queue(self, document_id: str, to: Sequence[str] | None) -> None:
        client_id = self.documents[document_id].client_id
        for one in list(self.integrations.values()):
            if one.client_id == client_id and (to is None or one.id in to):
                self.put_delivery(delivery(document_id, one.id, DeliveryState.QUEUED, attempts=0, log=()))


def integration(id: str, client_id: str, of: str, **more: Any) -> Integration:
    label = next(one.title["en"] for one in EXTENSIONS if one.id == of)
    known = {"id": id, "client_id": client_id, "installation_id": f"inst-{of}", "extension_id": of, "label": label}
    return Integration(**known | {"activated_at": NOON - timedelta(days=300)} | more)


def delivery(document_id: str, integration_id: str, state: DeliveryState, **more: Any) -> Delivery:
    attempt = Attempt(
        started_at=NOON, ended_at=NOON, asked_by="you", outcome=state, reason=text_message("552 quota exceeded")
    )
    of: dict[str, Any] = {
            "id": f"{document_id}/{integration_id}", "integration_id": integration_id, "document_id": document_id,
            "sha256": "0" * 64, "state": state, "attempts": 1, "updated_at": NOON, "log": (attempt,),
    }  # fmt: skip
    return Delivery(**of | more)


def filed(server: FirmServer, content: bytes, document: Document) -> Document:
    """The document with its file at the server."""
    sha256 = hashlib.sha256(content).hexdigest()
    server.files[sha256] = content
    return msgspec.structs.replace(document, sha256=sha256, size=len(content))


def purchase(
    id: str, number: str, day: date, gross: int, name: str = "Meunerie de Gembloux SA", **more: Any
) -> Document:
    known: dict[str, Any] = {
        "number": number, "issue_date": day, "gross_amount": gross, "net_amount": gross - gross // 10,
        "vat_amount": gross // 10, "counterparty": Party(name=name),
    }  # fmt: skip
    return a_document(id, BAKERY, **known | more)


def a_firm() -> FirmServer:
    server = FirmServer()
    server.put_client(
        a_client(
            BAKERY, name="Boulangerie du Parvis SRL", reference="PARVIS", vat_number="BE0465123710",
            enterprise_number="0465123710",
        )
    )  # fmt: skip
    server.put_client(a_client(HAULIER, name="Transports Ardenne-Express SA", vat_number="BE0403170701"))
    server.put_client(a_client(HOSTILE, name=HOSTILE_NAME, reference=MARKUP))
    server.put_client(a_client(EMPTY, name="Café Le Bailli SNC"))
    for number in range(20):
        server.put_client(a_client(f"c-{number:02}", name=f"Menuiserie de la Dyle {number:02} SRL"))
    for of, settings in (("exact", {"path": "/exact"}), ("sftp", {"host": "sftp.example", "path": "/in/[folder]"})):
        secrets = ("password",) if of == "sftp" else ()
        server.put_installation(Installation(id=f"inst-{of}", extension_id=of, settings=settings, secrets=secrets))
    server.put_installation(
        Installation(id="inst-local-folder", extension_id="local-folder", settings={"path": "/srv"})
    )
    server.put_integration(integration("i-exact", BAKERY, "exact"))
    server.put_integration(
        integration(
            "i-sftp", BAKERY, "sftp", state=IntegrationState.ACTIVE, settings={"path": "/in/[external_id]"},
            effective={"host": "sftp.example", "path": "/in/[external_id]"},
        )
    )  # fmt: skip
    server.put_integration(integration("i-hostile", HOSTILE, "exact", label=HOSTILE_NAME))
    _purchases(server)
    _other_folders(server)
    _hostile(server)
    return server


def _purchases(server: FirmServer) -> None:
    failed = purchase("p-failed", "2026-11874", date(2026, 11, 24), 121513, attempted=True)
    server.put(filed(server, papers.invoice(number="2026-11874"), failed))
    server.put_delivery(delivery("p-failed", "i-exact", DeliveryState.DELIVERED, receipt="document 4f1c-9a27"))
    server.put_delivery(
        delivery(
            "p-failed", "i-sftp", DeliveryState.FAILED,
            reason=text_message("The receiver's disk is full.", "Make room there, then resend."),
            attempts=10, log=(TRIED,) * 10,
        )
    )  # fmt: skip
    ready = purchase("p-ready", "F26/004417", date(2026, 11, 23), 31218, "Levures et Ferments SA")
    server.put(filed(server, papers.invoice(number="F26/004417"), ready))
    waits = AccountingStatus.CLIENT_ACTION_NEEDED
    server.put(
        purchase(
            "p-client", "26-1145", date(2026, 11, 22), 348480, "Froid SRL", approved=False, accounting_status=waits
        )
    )
    server.put(purchase("p-dollar", "INV-88213", date(2026, 11, 21), 124000, "Sweet Supply Ltd", currency="USD"))
    credit = purchase("p-credit", "NC-2026-0219", date(2026, 11, 20), -21175, kind=DocumentKind.CREDIT_NOTE)
    server.put(credit)
    done = AccountingStatus.PROCESSED
    server.put(purchase("p-done", "7740029918", date(2026, 11, 19), 8954, processed=True, accounting_status=done))
    for number in range(60):
        day = date(2026, 11, 18) - timedelta(days=6 * number)
        server.put(purchase(f"p-{number:02}", f"VF-{number:04}", day, 1000 + number))


def _other_folders(server: FirmServer) -> None:
    report = a_document(
        "s-report", BAKERY, folder=Folder.ENRICHED_MOVEMENT_REPORTS, kind=DocumentKind.STATEMENT, number="12",
        file_name="extrait.cod", media_type="text/plain", issue_date=date(2026, 11, 20), closing_balance=12975,
    )  # fmt: skip
    server.put(filed(server, papers.statement(), report))
    letter = a_document(
        "o-letter", BAKERY, folder=Folder.OTHER_DOCUMENTS, kind=DocumentKind.OTHER, number=None, currency=None,
        file_name="lettre.pdf", media_type="application/pdf", issue_date=None,
    )  # fmt: skip
    server.put(filed(server, papers.letter(), letter))
    server.put(a_document("h-one", HAULIER, number="H-1", issue_date=date(2026, 11, 1), gross_amount=5000))


def _hostile(server: FirmServer) -> None:
    seller = papers.company(HOSTILE_NAME.replace("\x1b", "").replace("\x07", ""), "0998765448")
    document = a_document(
        "x-one", HOSTILE, number=HOSTILE_NAME, file_name=f"{HOSTILE_NAME}.xml", counterparty=Party(name=HOSTILE_NAME),
        issue_date=date(2026, 11, 20), gross_amount=12345678901234567, attempted=True,
    )  # fmt: skip
    server.put(filed(server, papers.invoice(seller=seller, number=MARKUP), document))
    server.put_delivery(
        delivery("x-one", "i-hostile", DeliveryState.FAILED, reason=text_message(HOSTILE_NAME, HOSTILE_NAME),
                 receipt=HOSTILE_NAME, sent_as=HOSTILE_NAME)
    )  # fmt: skip


__all__ = ["ALL_FOLDERS", "BAKERY", "EMPTY", "HAULIER", "HOSTILE", "FirmServer", "a_firm", "delivery"]
