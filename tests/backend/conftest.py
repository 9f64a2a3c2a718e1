"""The loop that the service runs on: it says some things otherwise than the usual one, a lost connection above all."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.support import forked_process
from tests.support.loops import ServiceLoop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    return {"uvloop": ServiceLoop}


@pytest.fixture
def forked_hosts() -> Iterator[None]:
    """For tests that need a connector host, and not how it is started."""
    with forked_process.forked_hosts():
        yield
