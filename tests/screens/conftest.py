"""One local copy of the firm is made, and every test works on a copy of that."""

import copy
import shutil
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.domain.values import Value
from banqup_tui.presentation import signs, words
from tests.screens.firm import FirmServer, a_firm
from tests.screens.program import Opened, Program, open_session, program


@pytest.fixture(scope="session")
def whole_copy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FirmServer]:
    root, server = tmp_path_factory.mktemp("firm"), a_firm()
    session = open_session(root, server)
    session.engine.sync_once()
    session.close()
    return root, server


@pytest.fixture
def firm(whole_copy: tuple[Path, FirmServer]) -> FirmServer:
    server = whole_copy[1]
    unchanging = [
        value for part in vars(server).values() if isinstance(part, dict) for value in part.values()
        if isinstance(value, Value)
    ]  # fmt: skip
    return copy.deepcopy(server, {id(value): value for value in unchanging})


@pytest.fixture
def opened(whole_copy: tuple[Path, FirmServer], firm: FirmServer, tmp_path: Path) -> Opened:
    root = tmp_path / "home"
    shutil.copytree(whole_copy[0], root)

    def open_program(*size: Any, **more: Any) -> AbstractAsyncContextManager[Program]:
        return program(root, firm, *size, **more)

    return open_program


@pytest.fixture(autouse=True)
def plain_words() -> Any:
    yield
    words.use_language("en")
    signs.use_ascii(False)
