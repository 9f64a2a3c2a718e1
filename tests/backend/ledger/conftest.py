from pathlib import Path

import pytest

from tests.backend.ledger.harness import LedgerHarness


@pytest.fixture
def harness(tmp_path: Path) -> LedgerHarness:
    return LedgerHarness(tmp_path)
