"""A service killed while it files documents in Fava, and started again: see `make test-fava`."""

import signal
from pathlib import Path

import pytest

from tests.backend.ledger.test_kills_on_the_web import check, prepared, start
from tests.support.fava import served

pytestmark = pytest.mark.fava


@pytest.mark.parametrize(
    "point", ["mark.committed", "send.firstbyte", "send.halfway", "send.lastbyte", "send.answered"]
)
async def test_the_ledger_has_each_document_once(tmp_path: Path, point: str) -> None:
    with served(tmp_path / "fava") as ledger:
        settings = ledger.settings(account="Liabilities:Suppliers:PARVIS")
        prepared(tmp_path / "practice", "fava", settings)
        assert await start(tmp_path / "practice", point) == -signal.SIGKILL
        assert await start(tmp_path / "practice") == 0
        check(tmp_path / "practice", [path.read_bytes() for path in ledger.files()])
