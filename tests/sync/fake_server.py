"""A server in memory with the rules of docs/protocol.md: numbers, pages, changes, tombstones, commands run once."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Attempt, Delivery, DeliveryState
from banqup_tui.domain.document import Document, DocumentKind
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.messages import Message, text_message
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.source import PlacingRule, Source, Unfiled
from banqup_tui.domain.space import Role, Space
from banqup_tui.domain.status import AccountingStatus, accounting_status_with
from banqup_tui.protocol import messages
from banqup_tui.protocol.commands import ImportFile, Send, SetProcessed, decode
from banqup_tui.protocol.file_batch import StoredFile, StoredFiles
from banqup_tui.protocol.messages import (
    BackfillCount,
    Change,
    Changes,
    Command,
    CommandResult,
    CommandResults,
    CommandStatus,
    DocumentsPage,
    EntityKind,
    MailboxProvider,
    Op,
    SignIn,
    SignInRequest,
    Snapshot,
    TestRequest,
    TestResult,
    TestStep,
    VersionedDelivery,
    VersionedDocument,
)
from banqup_tui.protocol.problems import Problem
from banqup_tui.store.files import FileCache
from banqup_tui.sync.errors import CopyTooOld, RequestRefused, ServerDown
from tests.support.sign_ins import SignIns

MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def a_document(name: str, client_id: str = "c1", minute: int = 0, **more: Any) -> Document:
    of: dict[str, Any] = {
            "id": name, "client_id": client_id, "folder": Folder.PURCHASE_INVOICES, "kind": DocumentKind.INVOICE,
            "file_name": f"{name}.xml", "media_type": "application/xml", "size": 10,
            "sha256": hashlib.sha256(name.encode()).hexdigest(),
            "created_at": MORNING + timedelta(minutes=minute), "number": f"2026-{minute:05}", "currency": "EUR",
    }  # fmt: skip
    return Document(**of | more)


def a_client(client_id: str, **more: Any) -> Client:
    return Client(**({"id": client_id, "reference": client_id, "name": f"Client {client_id}"} | more))


class FakeServer:
    """`page_size` and `change_size` make every answer short. `before_answer` runs between reading and answering."""

    def __init__(self, page_size: int = 2, change_size: int = 2) -> None:
        self.page_size = page_size
        self.change_size = change_size
        self.epoch = 1
        self.seq = 0
        self.clients: dict[str, Client] = {}
        self.documents: dict[str, Document] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.integrations: dict[str, Integration] = {}
        self.waiting: dict[str, Unfiled] = {}
        self.sources: dict[str, Source] = {}
        self.rules: dict[str, PlacingRule] = {}
        self.visible: set[str] = set()
        self.log: dict[tuple[EntityKind, str], tuple[int, Op, str | None]] = {}
        self.floor = 0
        self.answers: dict[str, tuple[bytes, CommandResult]] = {}
        self.effects: list[str] = []
        self.refuses: set[str] = set()
        self.files: dict[str, bytes] = {}
        self.before_answer: Callable[[str], None] = lambda _call: None
        self.down = False
        self.calls: list[str] = []
        self.lose_answers = 0
        self.fault: Exception | None = None
        self.sign_ins = SignIns()
        self.silent_for = 0.0

    def silence(self) -> float:
        return self.silent_for

    # what happens at the server

    def put_client(self, client: Client, visible: bool = True) -> None:
        self.clients[client.id] = client
        if visible:
            self.visible.add(client.id)
        self._number(EntityKind.CLIENT, client.id, Op.PUT, client.id)

    def put(self, document: Document) -> None:
        self.documents[document.id] = document
        self._number(EntityKind.DOCUMENT, document.id, Op.PUT, document.client_id)

    def put_delivery(self, delivery: Delivery) -> None:
        self.deliveries[delivery.id] = delivery
        document = self.documents[delivery.document_id]
        self._number(EntityKind.DELIVERY, delivery.id, Op.PUT, document.client_id)
        mine = [one for one in self.deliveries.values() if one.document_id == document.id]
        status = accounting_status_with(mine, approved=document.approved, processed=document.processed)
        if status != document.accounting_status:
            self.put(msgspec.structs.replace(document, accounting_status=status))

    def put_integration(self, integration: Integration) -> None:
        self.integrations[integration.id] = integration
        self._number(EntityKind.INTEGRATION, integration.id, Op.PUT, integration.client_id)

    def put_rule(self, one: PlacingRule) -> None:
        self.rules[one.id] = one
        self._number(EntityKind.RULE, one.id, Op.PUT, one.client_id)

    def delete(self, document_id: str) -> None:
        document = self.documents.pop(document_id)
        for delivery in [one for one in self.deliveries.values() if one.document_id == document_id]:
            del self.deliveries[delivery.id]
            self._number(EntityKind.DELIVERY, delivery.id, Op.DELETE, document.client_id)
        self._number(EntityKind.DOCUMENT, document_id, Op.DELETE, document.client_id)

    def revoke(self, client_id: str) -> None:
        self.visible.discard(client_id)
        self._number(EntityKind.ACCESS, f"user:{client_id}", Op.REVOKED, client_id)

    def grant(self, client_id: str) -> None:
        self.visible.add(client_id)
        self._number(EntityKind.ACCESS, f"user:{client_id}", Op.GRANTED, client_id)

    def forget_tombstones(self) -> None:
        for key, (_, op, _client) in list(self.log.items()):
            if op is Op.DELETE:
                del self.log[key]
        self.floor = self.seq

    def restore(self) -> None:
        self.epoch += 1
        self.answers.clear()

    def seen_by_user(self) -> tuple[set[str], dict[str, Document], dict[str, Delivery]]:
        documents = {key: one for key, one in self.documents.items() if one.client_id in self.visible}
        deliveries = {key: one for key, one in self.deliveries.items() if one.document_id in documents}
        return set(self.visible), documents, deliveries

    def put_source(self, one: Source) -> None:
        self.sources[one.id] = one
        self._number(EntityKind.SOURCE, one.id, Op.PUT, None)

    def remove_source(self, source_id: str) -> None:
        del self.sources[source_id]
        self._number(EntityKind.SOURCE, source_id, Op.DELETE, None)

    def put_unfiled(self, one: Unfiled) -> None:
        self.waiting[one.id] = one
        self._number(EntityKind.UNFILED, one.id, Op.PUT, None)

    def take_unfiled(self, unfiled_id: str) -> None:
        del self.waiting[unfiled_id]
        self._number(EntityKind.UNFILED, unfiled_id, Op.DELETE, None)

    def _number(self, kind: EntityKind, entity_id: str, op: Op, client_id: str | None) -> None:
        self.seq += 1
        self.log[(kind, entity_id)] = (self.seq, op, client_id)

    # what the sync asks

    async def close(self) -> None:
        return None

    def _cursor(self, seq: int) -> str:
        return f"{self.epoch}.{seq}"

    def _asked(self, call: str) -> None:
        self.calls.append(call)
        if self.down:
            raise ServerDown
        if self.fault is not None:
            raise self.fault

    async def snapshot(self) -> Snapshot:
        self._asked("snapshot")
        answer = Snapshot(
            cursor=self._cursor(self.seq), epoch=str(self.epoch), seq=self.seq, role=Role.ACCOUNTANT,
            space=Space(id="s", name="Fiduciaire"),
            clients=tuple(one for one in self.clients.values() if one.id in self.visible),
            integrations=tuple(one for one in self.integrations.values() if one.client_id in self.visible),
            unfiled=tuple(self.waiting.values()),
            sources=tuple(self.sources.values()),
            rules=tuple(one for one in self.rules.values() if one.client_id in self.visible),
            document_count=len(self.seen_by_user()[1]),
        )  # fmt: skip
        self.before_answer("snapshot")
        return answer

    async def documents_page(self, before: str | None, client_id: str | None) -> DocumentsPage:
        mine = sorted(self.seen_by_user()[1].values(), key=lambda one: (one.created_at, one.id), reverse=True)
        if client_id:
            mine = [one for one in mine if one.client_id == client_id]
        if before:
            at, _, name = before.partition("|")
            mine = [one for one in mine if (one.created_at, one.id) < (datetime.fromisoformat(at), name)]
        taken = mine[: self.page_size]
        ids = {one.id for one in taken}
        last = taken[-1] if len(mine) > len(taken) else None
        return DocumentsPage(
            documents=tuple(VersionedDocument(seq=self._ver(EntityKind.DOCUMENT, one.id), value=one) for one in taken),
            deliveries=tuple(
                VersionedDelivery(seq=self._ver(EntityKind.DELIVERY, one.id), value=one)
                for one in self.deliveries.values()
                if one.document_id in ids
            ),
            next=f"{last.created_at.isoformat()}|{last.id}" if last else None,
        )

    def _ver(self, kind: EntityKind, entity_id: str) -> int:
        return self.log[(kind, entity_id)][0]

    async def documents_(self, before: str | None, client_id: str | None, at_least: str) -> DocumentsPage:
        self._asked("documents")
        epoch, _, _seq = at_least.partition(".")
        if epoch != str(self.epoch):
            raise CopyTooOld
        answer = await self.documents_page(before, client_id)
        self.before_answer("documents")
        return answer

    async def changes(self, cursor: str, limit: int = 500) -> Changes:
        self._asked("changes")
        epoch, _, number = cursor.partition(".")
        after = int(number)
        if epoch != str(self.epoch) or after < self.floor:
            raise CopyTooOld
        entries = sorted((seq, kind, key, op, client) for (kind, key), (seq, op, client) in self.log.items())
        entries = [one for one in entries if one[0] > after]
        taken = entries[: self.change_size]
        reached = taken[-1][0] if len(entries) > len(taken) else self.seq
        changes = tuple(self._change(*one) for one in taken if one[4] in self.visible or one[1] is EntityKind.ACCESS)
        answer = Changes(changes=changes, cursor=self._cursor(reached), seq=reached, has_more=len(entries) > len(taken))
        self.before_answer("changes")
        return answer

    def _change(self, seq: int, kind: EntityKind, key: str, op: Op, client: str | None) -> Change:
        tables: dict[EntityKind, dict[str, Any]] = {
            EntityKind.CLIENT: self.clients,
            EntityKind.DOCUMENT: self.documents,
            EntityKind.DELIVERY: self.deliveries,
            EntityKind.INTEGRATION: self.integrations,
            EntityKind.UNFILED: self.waiting,
            EntityKind.SOURCE: self.sources,
            EntityKind.RULE: self.rules,
        }
        value = tables[kind].get(key) if kind in tables and op is Op.PUT else None
        if op is Op.GRANTED and client is not None:
            value = self.clients[client]
        raw = messages.NO_VALUE if value is None else msgspec.Raw(msgspec.json.encode(value))
        return Change(seq=seq, kind=kind, op=op, id=key, value=raw)

    async def extensions(self) -> list[Extension]:
        self._asked("extensions")
        return []

    async def attempts(self, delivery_id: str) -> list[Attempt]:
        return list(self.deliveries[delivery_id].log)

    async def unfiled(self) -> list[Unfiled]:
        return []

    async def backfill(
        self, client_id: str, folders: Sequence[Folder] | None, since: date | None = None
    ) -> BackfillCount:
        count = sum(one.client_id == client_id for one in self.documents.values())
        return BackfillCount(folders=tuple(folders or ()), count=count, up_to=f"{self.epoch}.{self.seq}")

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[str]]:
        raise ServerDown
        yield  # pragma: no cover

    async def commands(self, commands: Sequence[Command]) -> CommandResults:
        self._asked("commands")
        results = []
        for command in commands:
            if command.kind == "RAISES":
                raise self.fault_of_command  # type: ignore[attr-defined]
            results.append(self._command(command))
        self.before_answer("commands")
        if self.lose_answers > 0:
            self.lose_answers -= 1
            raise ServerDown
        return CommandResults(results=tuple(results))

    def _command(self, command: Command) -> CommandResult:
        if command.key in self.answers:
            body, answer = self.answers[command.key]
            assert body in (b"", bytes(command.body))
            return answer
        if command.seen.partition(".")[0] != str(self.epoch):
            return CommandResult(key=command.key, status=CommandStatus.EXPIRED)
        answer = self._effect(command)
        self.answers[command.key] = (bytes(command.body), answer)
        return answer

    def _effect(self, command: Command) -> CommandResult:
        if command.key in self.refuses:
            self.seq += 1
            problem = Problem(type="refused", title="No.", recorded=True)
            return CommandResult(key=command.key, status=CommandStatus.REFUSED, seq=self.seq, problem=problem)
        self.effects.append(command.key)
        match decode(command.kind, command.body):
            case SetProcessed(document_ids=ids, processed=processed):
                for document_id in ids:
                    self._set_processed(document_id, processed)
            case Send(document_ids=ids):
                for document_id in ids:
                    self._send(document_id)
            case ImportFile(sha256=sha256):
                self.put(a_document(sha256[:8], sha256=sha256))
        self.seq += 1
        return CommandResult(key=command.key, status=CommandStatus.DONE, seq=self.seq, result={"queued": 1})

    def _set_processed(self, document_id: str, processed: bool) -> None:
        if document_id not in self.documents:
            return
        document = msgspec.structs.replace(self.documents[document_id], processed=processed)
        mine = [one for one in self.deliveries.values() if one.document_id == document_id]
        status = accounting_status_with(mine, approved=document.approved, processed=processed)
        self.put(msgspec.structs.replace(document, accounting_status=status))

    def _send(self, document_id: str) -> None:
        if document_id not in self.documents:
            return
        self.put_delivery(
            Delivery(
                id=f"v-{document_id}",
                integration_id="i",
                document_id=document_id,
                sha256="0" * 64,
                state=DeliveryState.QUEUED,
            )
        )

    async def withdraw(self, key: str, seen: str) -> CommandResult:
        self._asked("withdraw")
        if key not in self.answers:
            self.seq += 1
            problem = Problem(type="withdrawn", title="Taken back.", recorded=True)
            result = CommandResult(key=key, status=CommandStatus.REFUSED, seq=self.seq, problem=problem)
            self.answers[key] = (b"", result)
        return self.answers[key][1]

    async def put_file(self, sha256: str, path: Path) -> None:
        self._asked("put_file")
        self.files[sha256] = path.read_bytes()  # noqa: ASYNC240

    async def put_files(self, files: Sequence[tuple[str, bytes]]) -> StoredFiles:
        self._asked("put_files")
        self.files |= dict(files)
        return StoredFiles(files=tuple(StoredFile(sha256=sha256, is_new=True) for sha256, _ in files))

    async def download(self, sha256: str, cache: FileCache) -> Path:
        self._asked("download")
        if sha256 not in self.files:
            raise RequestRefused(404, Problem(type="not-found", title="There is no such file."))
        half = cache.half()
        half.write_bytes(self.files[sha256])
        return cache.keep(half, sha256)

    async def test(self, request: TestRequest) -> TestResult:
        return TestResult(steps=(TestStep(ok=True, message=text_message(json.dumps(request.settings))),))

    async def begin_sign_in(self, request: SignInRequest) -> SignIn:
        self._asked("begin_sign_in")
        return self.sign_ins.begin(request)

    async def sign_in(self, sign_in_id: str) -> SignIn:
        self._asked("sign_in")
        return self.sign_ins.look(sign_in_id)

    async def return_to(self, sign_in_id: str, address: str) -> SignIn:
        self._asked("return_to")
        return self.sign_ins.come_back(sign_in_id, address)

    async def begin_mailbox_sign_in(self, provider: MailboxProvider) -> SignIn:
        self._asked("begin_mailbox_sign_in")
        return self.sign_ins.begin(SignInRequest(extension_id="mailbox", field="sign_in"))

    async def set_mailbox_sign_in(self, source_id: str, sign_in: str, provider: MailboxProvider) -> TestResult:
        self._asked(f"set_mailbox_sign_in {sign_in} {provider.sign_in_by} {provider.client_id}")
        return TestResult(steps=(TestStep(ok=True, message=Message("mailbox.opened", {"address": source_id})),))

    async def test_source(self, source_id: str) -> TestResult:
        self._asked("test_source")
        return TestResult(steps=(TestStep(ok=True, message=Message("mailbox.opened", {"address": source_id})),))

    async def set_mailbox_password(self, source_id: str, password: Secret) -> TestResult:
        self._asked("set_mailbox_password")
        return TestResult(steps=(TestStep(ok=True, message=Message("mailbox.opened", {"address": source_id})),))


class Line:
    """The same server as `ServerLike`: `documents` is a call there and a table in `FakeServer`."""

    def __init__(self, server: FakeServer) -> None:
        self._server = server

    async def documents(
        self, before: str | None, client_id: str | None, at_least: str, limit: int = 1000
    ) -> DocumentsPage:
        return await self._server.documents_(before, client_id, at_least)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)


READY = AccountingStatus.READY_TO_PROCESS
