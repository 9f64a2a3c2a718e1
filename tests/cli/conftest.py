"""`banqup` in this process, with a house in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.cli.main import run
from tests.cli.fakes import FakeRuntime, tools_for


@dataclass(frozen=True)
class CommandResult:
    code: int
    out: str
    err: str

    @property
    def array(self) -> list[Any]:
        found: list[Any] = json.loads(self.out)
        return found


RunBanqup = Callable[..., CommandResult]
"""Runs a command: its runtime, then its arguments."""


@pytest.fixture
def banqup(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> RunBanqup:
    monkeypatch.setenv("BANQUP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def banqup(runtime: FakeRuntime, *arguments: str) -> CommandResult:
        code = run(arguments, tools_for(runtime, tmp_path / "home"))
        out, err = capfdbinary.readouterr()
        return CommandResult(code, out.decode(), err.decode())

    return banqup
