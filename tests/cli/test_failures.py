"""Nothing that goes wrong ends in a traceback: one sentence, what to do, and an exit code."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from banqup_tui.cli.errors import guarded
from banqup_tui.domain.errors import BanqupError
from tests.cli.conftest import RunBanqup
from tests.cli.fakes import FakeRuntime


def fails_with(error: BaseException) -> int:
    def command() -> int:
        raise error

    return guarded(command)


def test_an_unknown_command_names_the_nearest(banqup: RunBanqup) -> None:
    result = banqup(FakeRuntime(), "documnets")
    assert result.code == 2
    assert "Did you mean documents?" in result.err


def test_help_imports_no_command_and_no_backend() -> None:
    program = (
        "import sys; sys.argv = ['banqup', '--help']\n"
        "from banqup_tui.__main__ import main\n"
        "try: main()\n"
        "except SystemExit as end: code = end.code\n"
        "slow = [m for m in sys.modules if m.startswith(('banqup_tui.cli.commands', 'banqup_tui.sync', 'httpx',"
        " 'textual', 'sqlalchemy', 'litestar'))]\n"
        "print(slow, file=sys.stderr); sys.exit(code)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0
    assert ran.stderr.strip() == "[]"
    assert "deliveries" in ran.stdout


def test_a_command_does_its_work_without_the_screens_library() -> None:
    program = (
        "import sys, banqup_tui.cli.commands.send, banqup_tui.cli.local_runtime\n"
        "print([m for m in sys.modules if m.partition('.')[0] in ('textual', 'httpx', 'sqlalchemy', 'litestar')])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout.strip() == "[]", ran.stderr


def test_ctrl_c_says_that_nothing_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    assert fails_with(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "Stopped. What was asked before is kept.\n"


def test_a_full_disk_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert fails_with(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/srv/spool")) == 73
    assert capsys.readouterr().err == (
        "The disk is full: /srv/spool could not be written. Make room and do it again; nothing is lost.\n"
    )


def test_a_home_that_cannot_be_used_says_what_to_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BANQUP_HOME", str(tmp_path))
    assert fails_with(PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "data"))) == 78
    assert "BANQUP_HOME" in capsys.readouterr().err


def test_a_mistake_of_the_program_is_kept_in_a_log_and_not_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BANQUP_HOME", str(tmp_path))
    assert fails_with(ZeroDivisionError("x")) == 70
    printed = capsys.readouterr().err
    assert "Traceback" not in printed
    assert "banqup doctor" in printed
    assert "ZeroDivisionError" in (tmp_path / "log" / "banqup.log").read_text()


def test_an_error_of_the_house_ends_with_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    class Wrong(BanqupError):
        exit_code = 78

    assert fails_with(Wrong("It is \x1b[31mwrong.", "Mend it.")) == 78
    assert capsys.readouterr().err == "It is wrong. Mend it.\n"
    assert fails_with(ExceptionGroup("several", [ValueError(), Wrong("Inside.", "")])) == 78


def test_whoever_stops_reading_us_causes_no_error() -> None:
    program = (
        "import sys\n"
        "from banqup_tui.cli.errors import guarded\n"
        "from banqup_tui.cli.output import print_array\n"
        "sys.exit(guarded(lambda: print_array({'n': n} for n in range(100000)) or 0))"
    )
    ran = subprocess.run(
        ["/bin/sh", "-c", '"$0" -c "$1" | head -1', sys.executable, program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stdout == "[\n"
    assert ran.stderr == ""
