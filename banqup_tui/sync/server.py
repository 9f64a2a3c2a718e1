"""What the sync needs of a server. `sync.http.Server` is one; tests have another."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from pathlib import Path
from typing import Protocol

from banqup_tui.domain.delivery import Attempt
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.source import ToPlace
from banqup_tui.protocol.messages import (
    BackfillCount,
    Changes,
    Command,
    CommandResult,
    CommandResults,
    DocumentsPage,
    Snapshot,
    TestRequest,
    TestResult,
)
from banqup_tui.store.files import FileCache


class ServerLike(Protocol):
    """Every call raises one of sync.errors."""

    async def close(self) -> None: ...
    async def snapshot(self) -> Snapshot: ...
    async def documents(
        self, before: str | None, client_id: str | None, at_least: str, limit: int = 1000
    ) -> DocumentsPage: ...
    async def changes(self, cursor: str, limit: int = 500) -> Changes: ...
    async def extensions(self) -> list[Extension]: ...
    async def attempts(self, delivery_id: str) -> list[Attempt]: ...
    async def to_place(self) -> list[ToPlace]: ...
    async def backfill(
        self, client_id: str, folders: Sequence[Folder] | None, since: date | None = None
    ) -> BackfillCount: ...
    def events(self) -> AbstractAsyncContextManager[AsyncIterator[str]]: ...
    async def commands(self, commands: Sequence[Command]) -> CommandResults: ...
    async def withdraw(self, key: str, seen: str) -> CommandResult: ...
    async def put_file(self, sha256: str, path: Path) -> None: ...
    async def download(self, sha256: str, cache: FileCache) -> Path: ...
    async def test(self, request: TestRequest) -> TestResult: ...
