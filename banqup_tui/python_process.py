"""Keeps the current directory off the import path of this program and of the Python processes that it starts.

A folder from a client may have a file `secrets.py`. With `-m` Python puts the current directory first on the import
path, and an empty or relative entry of PYTHONPATH also means the current directory.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # until the import path is clean, only modules that Python itself has loaded are imported
    from collections.abc import Mapping

_SEARCH_PATHS = frozenset({"PATH", "PYTHONPATH", "LD_LIBRARY_PATH"})
"""Only their absolute entries are passed on: these do not depend on the current directory."""

_PYTHON_VARIABLES = frozenset({"PYTHONPATH", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE", "PYTHONFAULTHANDLER"})
_DROPPED_PREFIXES = ("PYTHON", "LD_", "DYLD_")
_DROPPED = frozenset({"GCONV_PATH", "SSLKEYLOGFILE"})
"""The C library loads code from GCONV_PATH; `ssl` writes the keys of every connection to SSLKEYLOGFILE."""

_DIRECTORIES = frozenset({"BANQUP_HOME", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"})


def python_command(module: str, *arguments: str) -> list[str]:
    """Returns the command that runs a module; `-P` leaves the current directory out of the import path."""
    return [sys.executable, "-P", "-m", module, *arguments]


def clean_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Returns the environment for a process with another working directory.

    Relative paths are made absolute or dropped, and variables that load code are dropped. Without `environment` it is
    that of this process.
    """
    clean = {}
    for name, value in (os.environ if environment is None else environment).items():
        if name in _SEARCH_PATHS:
            entries = [entry for entry in value.split(os.pathsep) if os.path.isabs(entry)]
            if name == "PYTHONPATH":
                entries = [entry for entry in entries if not _is_current_directory(entry)]
            if not entries:
                continue
            value = os.pathsep.join(entries)
        elif name in _DROPPED or (name.startswith(_DROPPED_PREFIXES) and name not in _PYTHON_VARIABLES):
            continue
        elif value and (name in _DIRECTORIES or name.startswith("XDG_")) and _is_relative_path(name, value):
            value = os.path.abspath(value)
        clean[name] = value
    return clean


def leave_out_current_directory() -> None:
    """Takes the current directory off the import path, for a program that was started without `-P`.

    It stays if this program itself is imported from it.
    """
    if not sys.flags.safe_path:
        own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        if not _is_current_directory(own):
            sys.path[:] = [entry for entry in sys.path if not _is_current_directory(entry)]


def _is_relative_path(name: str, value: str) -> bool:
    """XDG variables are paths (`XDG_DATA_HOME`), lists of paths, or words (`XDG_SESSION_TYPE`)."""
    if name.startswith("XDG_") and not name.endswith("_HOME") and name != "XDG_RUNTIME_DIR":
        return False
    return not os.path.isabs(os.path.expanduser(value))


def _is_current_directory(entry: str) -> bool:
    try:
        return os.path.samefile(entry or ".", ".")
    except OSError:
        return False
