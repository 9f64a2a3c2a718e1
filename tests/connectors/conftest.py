"""What tests of connectors share. The loop is the service's own: it says some things otherwise than the usual one."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support.loops import ServiceLoop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    return {"uvloop": ServiceLoop}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where the files of the documents are kept."""
    directory = tmp_path / "store"
    directory.mkdir()
    return directory
