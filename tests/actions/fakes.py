"""A session and a user that write down what was asked of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from banqup_tui.actions.context import Context, ImportCounts, V
from banqup_tui.actions.places import Destination, Place
from banqup_tui.actions.prompts import (
    ChoiceQuestion,
    ConfirmQuestion,
    DecisionQuestion,
    Form,
    FormAnswer,
    Notice,
    ReviewQuestion,
    TickAnswer,
    TickList,
)
from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.extension import Category, Extension, Installation, ReceiverKind
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.listing import UnderWay
from banqup_tui.domain.messages import Message, text_message
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import CommandBody, ImportFile
from banqup_tui.protocol.messages import (
    BackfillCount,
    MailboxProvider,
    SignIn,
    SignInRequest,
    TestRequest,
    TestResult,
    TestStep,
)
from banqup_tui.store.outbox_entry import Rescue
from banqup_tui.sync.server import Question, ServerLike
from banqup_tui.sync.session import FileToImport
from tests.support.sign_ins import SignIns

T = TypeVar("T")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PARVIS = Client(id="parvis", reference="PARVIS", name="Boulangerie du Parvis SRL", vat_number="BE0465123710")


class FakeActionSession:
    def __init__(self, files: Path | None = None, *, tried: Sequence[str] = ()) -> None:
        self.acts: list[Any] = []
        self.taken_back: list[str] = []
        self.known: list[Document] = []
        self.all_deliveries: list[Delivery] = []
        self.opposites: dict[str, CommandBody] = {}
        self.tested: list[TestRequest] = []
        self.retried: list[str] = []
        self.cleared: list[str] = []
        self.can_be_retried: Sequence[str] | None = None
        self.synced = 0
        self.tried_again = 0
        self.older = 0
        self.waits = UnderWay()
        self.rescued: list[Rescue] = []
        self.sign_ins = SignIns()
        self.passwords: list[tuple[str, Secret]] = []
        self.providers: list[MailboxProvider] = []
        self.password_result = TestResult(
            steps=(TestStep(ok=True, message=Message("mailbox.opened", {"address": "…"})),)
        )
        self._files = files
        self._tried = tried

    def act(self, body: Value, label: str = "", *, key: str | None = None) -> str:
        self.acts.append(body)
        return key or f"key-{len(self.acts)}"

    def inverse_of(self, key: str) -> CommandBody | None:
        return self.opposites.get(key)

    def act_all(self, bodies: Sequence[Value], label: str = "", *, labels: Sequence[str] = ()) -> list[str]:
        return [self.act(body, labels[at] if labels else label) for at, body in enumerate(bodies)]

    def clients(self) -> list[Client]:
        return [PARVIS]

    def documents(self, ids: Sequence[str]) -> list[Document]:
        return [one for one in self.known if one.id in ids]

    def deliveries(self, document_ids: Sequence[str]) -> list[Delivery]:
        return [delivery for delivery in self.all_deliveries if delivery.document_id in document_ids]

    def rescues(self) -> list[Rescue]:
        return self.rescued

    def dismiss_rescues(self) -> None:
        self.rescued = []

    def take_back(self, key: str) -> bool:
        self.taken_back.append(key)
        return key not in self._tried

    def is_still_true(self, keys: Sequence[str], *, waits: bool) -> bool:
        return True

    def clients_of(self, key: str) -> list[str]:
        return [PARVIS.name]

    def retry_changes(self, keys: Sequence[str]) -> list[str]:
        self.retried = list(keys)
        return [
            f"key-{at}" for at, key in enumerate(keys, 1) if self.can_be_retried is None or key in self.can_be_retried
        ]

    def clear_changes(self, keys: Sequence[str]) -> None:
        self.cleared = list(keys)

    def try_again(self) -> None:
        self.tried_again += 1

    async def sync_now(self) -> None:
        self.synced += 1

    async def download(self, sha256: str) -> Path:
        assert self._files is not None
        return self._files / sha256

    async def ask(self, question: Question[V], *, seconds: float = 30.0, wait: bool = True) -> V:
        """Asks this object, which answers like a service."""
        return await question(cast("ServerLike", self))

    async def test(self, request: TestRequest) -> TestResult:
        self.tested.append(request)
        return TestResult(steps=(TestStep(ok=True, message=text_message("The folder can be written.")),))

    async def begin_sign_in(self, request: SignInRequest) -> SignIn:
        return self.sign_ins.begin(request)

    async def sign_in(self, sign_in_id: str) -> SignIn:
        return self.sign_ins.look(sign_in_id)

    async def return_to(self, sign_in_id: str, address: str) -> SignIn:
        return self.sign_ins.come_back(sign_in_id, address)

    async def begin_mailbox_sign_in(self, provider: MailboxProvider) -> SignIn:
        self.providers.append(provider)
        return self.sign_ins.begin(SignInRequest(extension_id="mailbox", field="sign_in"))

    async def set_mailbox_sign_in(self, source_id: str, sign_in: str, provider: MailboxProvider) -> TestResult:
        self.providers.append(provider)
        return self.password_result

    async def set_mailbox_password(self, source_id: str, password: Secret) -> TestResult:
        self.passwords.append((source_id, password))
        return self.password_result

    async def backfill_count(
        self, client_id: str, folders: Sequence[Folder], since: date | None = None
    ) -> BackfillCount | None:
        number = self.older if since is None else self.older // 2
        return BackfillCount(folders=tuple(folders), count=number, up_to="epoch.7")

    async def under_way(self, integration_ids: Sequence[str]) -> UnderWay:
        return self.waits

    def import_files(
        self, files: Sequence[FileToImport], *, client_id: str | None = None, create_clients: bool = False
    ) -> list[str | OSError]:
        return [
            self.act(
                ImportFile(
                    sha256=f"sha-of-{file.path.name}",
                    file_name=file.path.name,
                    client_id=client_id,
                    create_clients=create_clients,
                    path=file.hint,
                )
            )
            for file in files
        ]

    def import_counts(self, keys: Sequence[str]) -> ImportCounts:
        return ImportCounts(taken=len(keys) - 1, undecided=1, unfiled=1)


class NoProgress:
    def advance(self, text: str = "", steps: int = 1) -> None: ...

    def done(self) -> None: ...


class FakeAsk:
    """Answers with what it was given; `None` is a user who goes away."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.questions: list[Any] = []
        self.messages: list[Notice] = []
        self.went: list[Destination] = []
        self.copied: list[str] = []
        self.opened: list[Path] = []
        self.only_errors = 0

    def _answer(self, kind: type[T]) -> T | None:
        assert self.answer is None or isinstance(self.answer, kind)
        return self.answer

    async def choose(self, question: ChoiceQuestion) -> str | None:
        self.questions.append(question)
        return self._answer(str)

    async def tick(self, question: TickList) -> TickAnswer | None:
        self.questions.append(question)
        return self._answer(TickAnswer)

    async def confirm(self, question: ConfirmQuestion) -> bool:
        self.questions.append(question)
        return bool(self.answer)

    async def decide(self, question: DecisionQuestion) -> str | None:
        self.questions.append(question)
        return self._answer(str)

    async def fill_in(self, form: Form) -> FormAnswer | None:
        self.questions.append(form)
        return self.answer if isinstance(self.answer, FormAnswer) else None

    async def review(self, question: ReviewQuestion) -> bool:
        self.questions.append(question)
        return bool(question.go_on())

    async def where_to(self, title: str, suggestion: Path) -> Path | None:
        return self._answer(Path)

    async def which_files(self, title: str) -> Sequence[Path] | None:
        paths: Sequence[Path] | None = self.answer
        return paths

    def notify(self, message: Notice) -> None:
        self.messages.append(message)

    def progress(self, title: str, total: int | None = None) -> NoProgress:
        return NoProgress()

    def go(self, destination: Destination) -> None:
        self.went.append(destination)

    def copy(self, text: str) -> None:
        self.copied.append(text)

    def show_only_errors(self) -> None:
        self.only_errors += 1

    async def open_outside(self, path: Path) -> None:
        self.opened.append(path)


def a_document(name: str = "2026-11874", **more: Any) -> Document:
    entered: dict[str, Any] = {
        "id": name,
        "client_id": "parvis",
        "folder": Folder.PURCHASE_INVOICES,
        "kind": DocumentKind.INVOICE,
        "number": name,
        "counterparty": Party(name="Meunerie de Gembloux SA", vat_number="BE0438220759"),
        "currency": "EUR",
        "net_amount": 114635,
        "vat_amount": 6878,
        "gross_amount": 121513,
        "file_name": f"{name}.xml",
        "media_type": "application/xml",
        "size": 10,
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        "created_at": NOW,
    }
    return Document(**{**entered, **more})


def an_integration(label: str, **more: Any) -> Integration:
    slug = label.lower().replace(" ", "-")
    entered: dict[str, Any] = {
        "id": slug,
        "client_id": "parvis",
        "installation_id": f"{slug}-installed",
        "extension_id": slug,
        "label": label,
        "state": IntegrationState.ACTIVE,
    }
    return Integration(**{**entered, **more})


def a_delivery(document: Document, to: str, state: DeliveryState, **more: Any) -> Delivery:
    entered: dict[str, Any] = {
        "id": f"{document.id}>{to}",
        "integration_id": to,
        "document_id": document.id,
        "sha256": document.sha256,
        "state": state,
        "attempts": 1,
        "updated_at": NOW,
    }
    return Delivery(**{**entered, **more})


def an_extension(slug: str, kind: ReceiverKind = ReceiverKind.RENAME, **more: Any) -> Extension:
    return Extension(
        id=slug,
        title={"en": slug.title(), "fr": slug.title()},
        description={"en": f"Sends to {slug}."},
        category=Category.FILES_AND_DRIVES,
        kind=kind,
        version="1",
        settings_schema={"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
        **more,
    )


def an_installation(slug: str, **more: Any) -> Installation:
    return Installation(id=f"{slug}-installed", extension_id=slug, **more)


def a_context(ask: FakeAsk | None = None, session: FakeActionSession | None = None, **more: Any) -> Context:
    entered: dict[str, Any] = {
        "session": session or FakeActionSession(),
        "ask": ask or FakeAsk(),
        "place": Place.FOLDER,
        "client": PARVIS,
        "now": NOW,
    }
    return Context(**{**entered, **more})
