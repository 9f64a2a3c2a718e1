"""A house in memory: the commands see no difference, and nothing is started."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from banqup_tui.app_dirs import AppDirs
from banqup_tui.cli.runtime import CliRuntime, CommandAnswer, Fate, NoBackend, Tools
from banqup_tui.domain.causes import cause_of
from banqup_tui.domain.changes import RefusedChange
from banqup_tui.domain.delivery import Attempt, Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.extension import Extension, Installation
from banqup_tui.domain.failures import Failing, FailureGroup, grouped
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.listing import ClientRow, Counts
from banqup_tui.domain.messages import message
from banqup_tui.domain.source import PlacingRule, Source, Unfiled
from tests.actions.fakes import PARVIS, FakeActionSession


@dataclass
class FakeRuntime:
    """`answer` makes the answer to a command from its body; `on_change` is called each time somebody waits."""

    all_documents: list[Document] = field(default_factory=list)
    all_deliveries: list[Delivery] = field(default_factory=list)
    all_attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    all_integrations: list[Integration] = field(default_factory=list)
    all_installations: list[Installation] = field(default_factory=list)
    all_extensions: list[Extension] = field(default_factory=list)
    all_sources: list[Source] = field(default_factory=list)
    all_unfiled: list[Unfiled] = field(default_factory=list)
    all_rules: list[PlacingRule] = field(default_factory=list)
    all_clients: list[ClientRow] = field(
        default_factory=lambda: [ClientRow(client=PARVIS, counts=Counts(ready=2, error=1), integrations=("SFTP",))]
    )
    answer: Callable[[Any], CommandAnswer] = lambda body: CommandAnswer(key="", fate=Fate.DONE, result={})
    on_change: Callable[[FakeRuntime], None] = lambda runtime: None
    offline: bool = False
    unsent: int = 0
    reported: list[str] = field(default_factory=list)
    looked_at: list[RefusedChange] = field(default_factory=list)
    session: FakeActionSession = field(default_factory=FakeActionSession)
    firm: str = "Fiduciaire de la Meuse SRL"

    async def sync(self) -> None:
        if self.offline:
            raise NoBackend(message("sync.server-down"))

    async def answers(self, keys: Sequence[str], seconds: float) -> list[CommandAnswer]:
        return [self._answer(key) for key in keys]

    def _answer(self, key: str) -> CommandAnswer:
        if self.offline:
            return CommandAnswer(key=key, fate=Fate.WAITING)
        number = int(key.removeprefix("key-")) - 1
        made = self.answer(self.session.acts[number] if number < len(self.session.acts) else None)
        return CommandAnswer(key=key, fate=made.fate, result=made.result, problem=made.problem)

    async def changed(self, seconds: float) -> None:
        self.on_change(self)

    def waiting(self) -> int:
        return self.unsent

    def refused(self) -> Sequence[RefusedChange]:
        return self.looked_at

    def mark_reported(self, keys: Sequence[str]) -> None:
        self.reported.extend(keys)

    def clients(self) -> Sequence[ClientRow]:
        return self.all_clients

    def documents(
        self,
        *,
        ids: Collection[str] | None = None,
        client_id: str | None = None,
        folder: Folder | None = None,
        withdrawn: bool = False,
    ) -> Iterator[Document]:
        for document in self.all_documents:
            fits = (ids is None or document.id in ids) and client_id in (None, document.client_id)
            fits = fits and (ids is not None or document.is_withdrawn == withdrawn)
            if fits and folder in (None, document.folder):
                yield document

    def undecided(self) -> Iterator[Document]:
        return (document for document in self.all_documents if document.is_undecided)

    def deliveries(self, document_ids: Collection[str] | None = None) -> Iterator[Delivery]:
        return (one for one in self.all_deliveries if document_ids is None or one.document_id in document_ids)

    def failures(self) -> Sequence[FailureGroup]:
        counts = Counter(
            (one.integration_id, one.state.value, cause_of(one.reason))
            for one in self.all_deliveries
            if one.needs_a_look
        )
        return grouped(counts, {one.id: one for one in self.all_integrations})

    def failing(self, group: FailureGroup) -> Sequence[Failing]:
        clients = {part.integration_id: part.client_id for part in group.parts}
        return [
            Failing(
                delivery_id=one.id,
                document_id=one.document_id,
                integration_id=one.integration_id,
                client_id=clients[one.integration_id],
                generation=one.generation,
                state=one.state,
                reason=one.reason,
            )
            for one in self.all_deliveries
            if one.needs_a_look
            and one.integration_id in clients
            and (one.state, cause_of(one.reason)) == (group.state, group.cause)
        ]

    async def attempts(self, delivery_id: str) -> Sequence[Attempt]:
        if self.offline:
            raise NoBackend(message("sync.server-down"))
        return self.all_attempts.get(delivery_id, ())

    def integrations(self, client_id: str | None = None, *, removed: bool = False) -> Sequence[Integration]:
        return [one for one in self.all_integrations if client_id in (None, one.client_id)]

    def installations(self) -> Sequence[Installation]:
        return self.all_installations

    def extensions(self) -> Sequence[Extension]:
        return self.all_extensions

    def sources(self) -> Sequence[Source]:
        return self.all_sources

    def unfiled(self) -> Sequence[Unfiled]:
        return self.all_unfiled

    def rules(self) -> Sequence[PlacingRule]:
        return self.all_rules


def tools_for(runtime: FakeRuntime, root: Path) -> Tools:
    @asynccontextmanager
    async def opened(found: AppDirs) -> AsyncIterator[CliRuntime]:
        yield runtime

    dirs = AppDirs(root / "config", root / "data", root / "cache", root / "runtime", root / "log")
    return Tools(dirs=lambda: dirs, open_runtime=opened)
