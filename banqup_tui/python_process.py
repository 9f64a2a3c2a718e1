"""Starts other Python processes of this program so that nothing is imported from the directory the user stands in.

A folder from a client may hold a `secrets.py`. Python puts the current directory first on the import path for `-m`,
and an empty or relative entry of PYTHONPATH means the current directory, too.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # what is imported here before the import path is clean is part of Python itself
    from collections.abc import Mapping

_SEARCH_PATHS = frozenset({"PATH", "PYTHONPATH", "LD_LIBRARY_PATH"})
"""Only their absolute entries are passed on: somebody chose these, wherever they stand."""

_PYTHON_VARIABLES = frozenset({"PYTHONPATH", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE", "PYTHONFAULTHANDLER"})
_DROPPED_PREFIXES = ("PYTHON", "LD_", "DYLD_")
_DROPPED = frozenset({"GCONV_PATH", "SSLKEYLOGFILE"})
"""The C library loads code from the first; `ssl` writes the keys of every connection to the second."""

_DIRECTORIES = frozenset({"BANQUP_HOME", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"})


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this program; `-P` leaves the current directory out of the import path."""
    return [sys.executable, "-P", "-m", module, *arguments]


def clean_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a process with another working directory: nothing in it is relative or loads code.

    `environment` is that of this process where none is passed.
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

    It stays where this program itself is imported from it.
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
