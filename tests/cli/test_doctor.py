"""`banqup doctor` says what is wrong, and what to do about it."""

import os
from datetime import UTC, datetime
from pathlib import Path

from banqup_tui.app_dirs import AppDirs
from banqup_tui.cli.doctor_checks import Verdict, check_clock, check_dirs, check_files, check_settings, check_terminal
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import message, text_message
from tests.actions.fakes import an_extension, an_integration
from tests.cli.conftest import RunBanqup
from tests.cli.fakes import FakeRuntime


def dirs_in(root: Path) -> AppDirs:
    return AppDirs(root / "config", root / "data", root / "cache", root / "runtime", root / "log")


def test_a_healthy_computer_is_said_to_be_healthy(banqup: RunBanqup) -> None:
    result = banqup(FakeRuntime(), "doctor", "--json")
    assert result.code == 0, result.out
    assert {finding["about"] for finding in result.array} >= {"lock", "settings", "clock", "backend", "copy", "outbox"}
    assert set(result.array[0]) == {"about", "verdict", "code", "params", "message", "remedy", "because"}


def test_a_backend_that_does_not_answer_is_found(banqup: RunBanqup) -> None:
    result = banqup(FakeRuntime(offline=True), "doctor")
    assert result.code == 1
    assert "The server does not answer." in result.out


def test_what_is_broken_below_the_house_is_found_with_its_remedy(banqup: RunBanqup) -> None:
    runtime = FakeRuntime(
        all_integrations=[
            an_integration(
                "SFTP", state=IntegrationState.BROKEN, cause=text_message("The host key is another one.", "Ask.")
            )
        ],
        all_extensions=[an_extension("odd", problem=message("extension.does-not-load", package="odd"))],
        unsent=3,
    )
    result = banqup(runtime, "doctor")
    assert result.code == 1
    assert "It needs attention. The host key is another one. Ask." in result.out
    assert "odd does not load" in result.out
    assert "Changes that wait on this computer: 3." in result.out


def test_a_directory_that_cannot_be_written_is_found(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    found = {finding.about: finding for finding in check_dirs(dirs_in(tmp_path))}
    assert found["data directory"].verdict is Verdict.WRONG
    assert found["data directory"].message.code == "doctor.directory-not-writable"
    assert found["config" if "config" in found else "settings directory"].verdict is Verdict.OK


def test_a_directory_that_others_may_write_to_is_found(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o777)
    found = {finding.about: finding for finding in check_dirs(dirs_in(tmp_path))}
    assert found["data directory"].verdict is Verdict.WARNING


def test_what_others_may_enter_or_read_is_found(tmp_path: Path) -> None:
    dirs = dirs_in(tmp_path)
    (tmp_path / "log").mkdir()
    (tmp_path / "log").chmod(0o755)
    dirs.backend.mkdir(parents=True)
    (dirs.backend / "vault.key").write_text("{}")
    (dirs.backend / "vault.key").chmod(0o640)
    found = {finding.about: finding for finding in check_dirs(dirs)}
    assert found["log directory"].verdict is Verdict.WARNING
    assert found["keys"].verdict is Verdict.WRONG
    assert "vault.key" in str(found["keys"].message.params["path"])


def test_directories_are_the_users_alone_whatever_the_umask_is_and_whoever_made_them(tmp_path: Path) -> None:
    dirs = dirs_in(tmp_path)
    (tmp_path / "data").mkdir(mode=0o777)
    (tmp_path / "data").chmod(0o777)
    before = os.umask(0)
    try:
        dirs.made()
    finally:
        os.umask(before)
    assert {directory.stat().st_mode & 0o777 for directory in dirs.directories} == {0o700}


def test_a_mistake_in_the_settings_is_found(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text('langage = "fr"')
    (finding,) = check_settings(dirs_in(tmp_path))
    assert (finding.verdict, finding.message.code) == (Verdict.WRONG, "config.unknown-key-near")


def test_a_damaged_copy_is_found_and_may_be_deleted(tmp_path: Path) -> None:
    path = tmp_path / "data" / "copies" / "local" / "copy.sqlite"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096)
    (finding,) = check_files(dirs_in(tmp_path))
    assert finding.verdict is Verdict.WRONG
    assert finding.message.code == "doctor.copy-damaged"


def test_a_clock_in_the_past_is_found() -> None:
    assert next(check_clock(lambda: datetime(1970, 1, 1, tzinfo=UTC))).verdict is Verdict.WRONG


def test_a_terminal_without_a_name_is_found() -> None:
    found = {finding.about: finding for finding in check_terminal({}, is_terminal=True)}
    assert found["colours"].verdict is Verdict.WARNING


def test_a_file_that_cannot_be_used_now_is_not_called_damaged(tmp_path: Path) -> None:
    dirs = dirs_in(tmp_path)
    place = dirs.copies / "local"
    place.mkdir(parents=True)
    (place / "outbox.sqlite").mkdir()
    (place / "outbox.sqlite.aside-1").write_bytes(b"")
    found, aside = check_files(dirs)
    assert found.verdict is Verdict.WRONG
    assert found.message.code not in ("computer.damaged-at", "doctor.outbox-damaged")
    assert aside.verdict is Verdict.WARNING
