"""What actions ask of the session, without ever keeping the screen waiting."""

from __future__ import annotations

from pathlib import Path

from banqup_tui.domain.values import Value
from banqup_tui.protocol.messages import BackfillCount, TestRequest, TestResult
from banqup_tui.sync.session import Session
from banqup_tui.sync.threads import in_thread


class SessionDoing:
    def __init__(self, session: Session) -> None:
        self._session = session

    def act(self, body: Value, label: str = "") -> str:
        return self._session.act(body, label=label)

    def take_back(self, key: str) -> bool:
        return self._session.undo(key)

    async def sync_now(self) -> None:
        self._session.engine.wake()

    async def download(self, sha256: str) -> Path:
        return await in_thread(lambda: self._session.engine.download(sha256))

    async def test_connection(self, request: TestRequest) -> TestResult:
        return await in_thread(lambda: self._session.engine.test_connection(request))

    async def backfill_count(self, client_id: str, installation_id: str) -> BackfillCount:
        return await in_thread(lambda: self._session.engine.backfill_count(client_id))

    def keep_file(self, path: Path) -> str:
        return self._session.spool.take(path)
