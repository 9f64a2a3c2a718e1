"""The interface of a server as the sync uses it. `sync.http.Server` implements it; tests have another."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from pathlib import Path
from typing import Protocol, TypeVar

from banqup_tui.domain.delivery import Attempt
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.secret import Secret
from banqup_tui.protocol.file_batch import StoredFiles
from banqup_tui.protocol.messages import (
    BackfillCount,
    Changes,
    Command,
    CommandResult,
    CommandResults,
    DocumentsPage,
    MailboxProvider,
    SignIn,
    SignInRequest,
    Snapshot,
    TestRequest,
    TestResult,
)
from banqup_tui.store.files import FileCache

_V = TypeVar("_V")


class ServerLike(Protocol):
    """A client of one space. Each call is one request (`protocol.paths`) and raises an error of sync.errors.

    `put_files` takes a batch within the limits of `protocol.file_batch`, each file with its SHA-256.
    `documents` answers 503 (`Busy`) while the server is behind the cursor `at_least`: a page must not be older than
    the changes that the copy has. `changes` raises `CopyTooOld` on 410. `commands` answers a prefix of the batch.
    """

    async def close(self) -> None: ...
    def silence(self) -> float:
        """Returns the seconds without a byte while an answer or an open stream is due; 0 if none is."""
        ...

    async def snapshot(self) -> Snapshot: ...
    async def documents(
        self, before: str | None, client_id: str | None, at_least: str, limit: int = 1000
    ) -> DocumentsPage: ...
    async def changes(self, cursor: str, limit: int = 500) -> Changes: ...
    async def extensions(self) -> list[Extension]: ...
    async def attempts(self, delivery_id: str) -> list[Attempt]: ...
    async def backfill(
        self, client_id: str, folders: Sequence[Folder] | None, since: date | None = None
    ) -> BackfillCount: ...
    def events(self) -> AbstractAsyncContextManager[AsyncIterator[str]]: ...
    async def commands(self, commands: Sequence[Command]) -> CommandResults: ...
    async def withdraw(self, key: str, seen: str) -> CommandResult: ...
    async def put_file(self, sha256: str, path: Path) -> None: ...
    async def put_files(self, files: Sequence[tuple[str, bytes]]) -> StoredFiles: ...
    async def download(self, sha256: str, cache: FileCache) -> Path: ...
    async def test(self, request: TestRequest) -> TestResult: ...
    async def begin_sign_in(self, request: SignInRequest) -> SignIn: ...
    async def sign_in(self, sign_in_id: str) -> SignIn: ...
    async def return_to(self, sign_in_id: str, address: str) -> SignIn: ...
    async def begin_mailbox_sign_in(self, provider: MailboxProvider) -> SignIn: ...

    async def set_mailbox_sign_in(self, source_id: str, sign_in: str, provider: MailboxProvider) -> TestResult: ...

    async def test_source(self, source_id: str) -> TestResult: ...

    async def set_mailbox_password(self, source_id: str, password: Secret) -> TestResult: ...


Question = Callable[[ServerLike], Coroutine[object, object, _V]]
"""Something that is asked of a server: `lambda server: server.test(request)`."""
