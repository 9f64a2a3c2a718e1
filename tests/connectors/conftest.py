"""What tests of connectors share. The loop is the service's own: it says some things otherwise than the usual one."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from uvloop import new_event_loop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    return {"uvloop": new_event_loop}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where the files of the documents are kept."""
    directory = tmp_path / "store"
    directory.mkdir()
    return directory
