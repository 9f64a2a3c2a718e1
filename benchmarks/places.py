"""Where the measuring takes place: an environment with the runtime dependencies only, and firms of a given size."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from banqup_tui import launcher
from banqup_tui.app_dirs import AppDirs, dirs_under
from banqup_tui.protocol.local import Endpoint
from benchmarks.large_firm import write_firm

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"
CLIENTS = 200


def runtime_python() -> Path:
    """Of an environment that holds the program as a user installs it, and nothing else."""
    environment = BUILD / "runtime"
    python = environment / "bin" / "python"
    if not python.exists():
        _make(environment)
    _install(python)
    subprocess.run([str(python), "-m", "compileall", "-q", str(environment / "lib")], check=False)
    return python


def _make(environment: Path) -> None:
    environment.parent.mkdir(parents=True, exist_ok=True)
    if shutil.which("uv"):
        subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)


def _install(python: Path) -> None:
    if shutil.which("uv"):
        command = ["uv", "pip", "install", "--quiet", "--python", str(python), "--reinstall-package", "banqup-tui"]
    else:
        command = [str(python), "-m", "pip", "install", "--quiet", "--upgrade", "--force-reinstall", "--no-deps"]
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", str(ROOT)], check=True)
    subprocess.run([*command, str(ROOT)], check=True, cwd=ROOT)


class Firm:
    """A home of so many documents, with a backend of its own. `end` ends what runs in it."""

    def __init__(self, python: Path, documents: int, directory: Path | None = None) -> None:
        self.python = python
        self.documents = documents
        self.directory = directory or BUILD / f"firm-{documents}"
        self.dirs: AppDirs = dirs_under(self.directory)

    @property
    def program(self) -> Path:
        return self.python.with_name("banqup")

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")},
            "BANQUP_HOME": str(self.directory),
            "LC_ALL": "C.UTF-8",
            "LANGUAGE": "en",
        }

    def build(self) -> None:
        self.end()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.dirs.made()
        self.start_backend()
        self.end()
        write_firm(self.dirs.backend / "banqup.sqlite", clients=CLIENTS, documents=self.documents)

    def endpoint(self) -> Endpoint:
        """Of the backend that runs in it."""
        found = launcher.running(self.dirs)
        assert found is not None, "no backend runs"
        return found

    def start_backend(self, **environment: str) -> float:
        """Seconds from the start of the process to its first good answer."""
        started = time.perf_counter()
        with (self.dirs.log / "bench.log").open("ab") as log:
            subprocess.Popen(
                [str(self.python), "-m", "banqup_tui.backend"],
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.directory,
            )
        published = self.dirs.runtime / "endpoint.json"
        while time.perf_counter() - started < 30:
            if published.exists() and launcher.running(self.dirs) is not None:
                return time.perf_counter() - started
            time.sleep(0.002)
        raise RuntimeError("the backend does not start: see bench.log")

    def sync(self) -> float:
        """Seconds of `banqup sync`."""
        started = time.perf_counter()
        subprocess.run(
            [str(self.python), "-m", "banqup_tui", "sync"],
            env=self.environment,
            check=True,
            capture_output=True,
            cwd=self.directory,
        )
        return time.perf_counter() - started

    def forget_copy(self) -> None:
        shutil.rmtree(self.dirs.copies, ignore_errors=True)

    def end(self) -> None:
        found = launcher.running(self.dirs) if self.dirs.runtime.exists() else None
        if found is None:
            return
        os.kill(found.pid, signal.SIGTERM)
        while _is_alive(found.pid):
            time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    """A process that has ended and is only to be taken note of counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def firm(python: Path, documents: int, *, keep: bool = False) -> Iterator[Firm]:
    """Built anew, or as it was left by the last run."""
    made = Firm(python, documents)
    if not (keep and made.directory.exists()):
        made.build()
    try:
        yield made
    finally:
        made.end()
