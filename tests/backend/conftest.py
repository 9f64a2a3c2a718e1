"""The loop that the service runs on: it says some things otherwise than the usual one, a lost connection above all."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping

from tests.support.loops import ServiceLoop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    return {"uvloop": ServiceLoop}
