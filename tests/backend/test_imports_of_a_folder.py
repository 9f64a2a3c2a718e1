"""A folder of somebody else may hold files that are called as modules of Python are: none of them is ever run."""

import ast
import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import banqup_tui
from banqup_tui.backend.connector_host.client import ConnectorHost
from banqup_tui.connectors.interface import NotSent
from banqup_tui.python_process import clean_environment, leave_out_current_directory, python_command
from banqup_tui.screens.external_program import open_outside
from tests.support.backends import Home, home_in, until
from tests.support.scripted import no_token

SOURCE = Path(banqup_tui.__file__).parent
ROOT = SOURCE.parent
OF_OTHERS = ("asyncssh", "banqup_tui", "click", "cryptography", "httpx", "litestar", "msgspec", "sqlalchemy", "uvloop")
AT_START = ("sitecustomize", "usercustomize")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with home_in(tmp_path / "home", forks=False) as found:
        yield found


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """Each module that is run leaves a file here."""
    (tmp_path / "marks").mkdir()
    return tmp_path / "marks"


@pytest.fixture
def folder(tmp_path: Path, marks: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: a planted file for every module that the program could import."""
    planted = tmp_path / "from a client"
    planted.mkdir()
    for name in {*sys.stdlib_module_names, *OF_OTHERS, *AT_START}:
        (planted / f"{name}.py").write_text(f"open({str(marks / name)!r}, 'w').close()\nraise ImportError('planted')\n")
    monkeypatch.chdir(planted)
    return planted


def nothing_ran(marks: Path) -> bool:
    return not list(marks.iterdir())


def run_there(folder: Path, home: Home, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "BANQUP_HOME": str(home.directory)}
    return subprocess.run(
        [sys.executable, "-P", "-m", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_service_runs_nothing_of_the_folder_in_which_the_terminal_was_started(
    folder: Path, marks: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(("", ".", str(folder))))
    endpoint = home.connect()
    assert Path(f"/proc/{endpoint.pid}/cwd").resolve() == home.dirs.runtime
    assert nothing_ran(marks)


def test_importing_a_folder_runs_nothing_of_it(folder: Path, marks: Path, home: Home, tmp_path: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for name in ("secrets.py", "json.py"):
        (folder / name).rename(few / name)
    ran = run_there(few, home, "banqup_tui", "import", ".")
    assert home.running() is not None, ran.stderr
    assert nothing_ran(marks)


def test_the_service_in_the_foreground_leaves_the_folder_at_once(folder: Path, marks: Path, home: Home) -> None:
    serving = home.start(sys.executable, "-P", "-m", "banqup_tui", "serve")
    until(lambda: home.running() is not None or serving.poll() is not None)
    assert Path(f"/proc/{serving.pid}/cwd").resolve() == home.dirs.runtime
    assert nothing_ran(marks)


def test_a_backup_that_is_made_there_by_hand_runs_nothing_of_it(folder: Path, marks: Path, home: Home) -> None:
    home.connect()
    ran = run_there(folder, home, "banqup_tui.backend", "backup", "kept")
    assert ran.returncode == 0, ran.stderr
    assert (folder / "kept").is_dir()
    assert nothing_ran(marks)


async def test_the_process_for_connectors_runs_nothing_of_it(folder: Path, marks: Path, tmp_path: Path) -> None:
    host = ConnectorHost()
    settings = {"directory": str(tmp_path), "opens": False}
    with pytest.raises(NotSent, match="No"):
        async with host.connect("tests.support.scripted:Scripted", settings, no_token):
            raise AssertionError
    await asyncio.to_thread(host.close)
    assert nothing_ran(marks)


async def test_a_document_is_not_opened_with_a_program_of_the_folder(
    folder: Path, marks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = folder / "xdg-open"
    planted.write_text(f"#!/bin/sh\n: > {marks}/xdg-open\n")
    planted.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join(("", ".", "/nonexistent")))
    assert not await open_outside("/dev/null")
    assert nothing_ran(marks)


def test_a_module_started_by_hand_without_the_option_takes_the_folder_off_its_import_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(folder), "", ".", *sys.path])
    leave_out_current_directory()
    assert not {str(folder), "", "."} & set(sys.path)
    assert str(ROOT) in sys.path


def test_one_who_stands_in_the_program_s_own_source_still_starts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    leave_out_current_directory()
    assert str(ROOT) in sys.path


def test_the_environment_of_a_process_holds_nothing_relative_and_nothing_that_loads_code(folder: Path) -> None:
    values = {
        "PATH": ":/usr/bin:bin", "PYTHONPATH": f":lib:{folder}:/opt/connectors", "PYTHONSTARTUP": "/x.py",
        "PYTHONHOME": "/x", "PYTHONUTF8": "1", "LD_PRELOAD": "/x.so", "LD_LIBRARY_PATH": "lib:/opt/lib",
        "LD_AUDIT": "/x.so", "GCONV_PATH": "/x", "SSLKEYLOGFILE": "/x", "XDG_DATA_HOME": "data",
        "XDG_SESSION_TYPE": "tty", "SSL_CERT_FILE": "ca.pem", "LANG": "fr_BE.UTF-8", "HTTPS_PROXY": "http://proxy:3128",
    }  # fmt: skip
    assert clean_environment(values) == {
        "PATH": "/usr/bin", "PYTHONPATH": "/opt/connectors", "PYTHONUTF8": "1", "LD_LIBRARY_PATH": "/opt/lib",
        "XDG_DATA_HOME": str(folder / "data"), "XDG_SESSION_TYPE": "tty", "SSL_CERT_FILE": str(folder / "ca.pem"),
        "LANG": "fr_BE.UTF-8", "HTTPS_PROXY": "http://proxy:3128",
    }  # fmt: skip


STARTS = frozenset({"Popen", "run", "check_call", "check_output", "create_subprocess_exec", "execve", "posix_spawn"})
NEVER = frozenset({"execv", "execl", "execvp", "system", "create_subprocess_shell", "ProcessPoolExecutor", "fork"})


def test_every_process_of_the_program_is_started_with_a_clean_environment() -> None:
    """Whoever adds another one uses `python_process`, too."""
    seen = 0
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        of_processes = "subprocess" in path.read_text() or "execve" in path.read_text()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "executable":
                assert path.name == "python_process.py", f"{path}:{node.lineno} names the interpreter itself"
            if not (of_processes and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            assert node.func.attr not in NEVER, f"{path}:{node.lineno}"
            owner = node.func.value
            if node.func.attr in STARTS and isinstance(owner, ast.Name) and owner.id in ("subprocess", "asyncio", "os"):
                seen += 1
                named = {keyword.arg for keyword in node.keywords}
                assert "env" in named or node.func.attr == "execve", f"{path}:{node.lineno} inherits the environment"
                assert "clean_environment" in path.read_text(), path
    assert seen >= 4
    assert python_command("banqup_tui.backend", "x") == [sys.executable, "-P", "-m", "banqup_tui.backend", "x"]


def test_what_the_pages_say_to_type_leaves_the_folder_out() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "contrib").iterdir()]
    for page in pages:
        for command in re.findall(r"python3? .*banqup_tui\.backend.*", page.read_text()):
            assert " -P " in command, f"{page.name}: {command}"
