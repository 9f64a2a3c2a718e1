"""Turns every error of a command into a plain sentence with what to do, and an exit code; never a traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

from banqup_tui.app_dirs import dirs
from banqup_tui.cli import exit_codes
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.text import clean
from banqup_tui.error_log import record
from banqup_tui.presentation.messages import words_of
from banqup_tui.presentation.words import _
from banqup_tui.store.faults import FaultCode, fault_of


def guarded(command: Callable[[], int]) -> int:
    """Runs `command` and returns an exit code, whatever happens in it."""
    try:
        return command()
    except KeyboardInterrupt:
        _tell(_("Stopped. What was asked before is kept."))
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        _detach_stdout()
        return exit_codes.OK
    except BanqupError as error:
        _tell(words_of(error.message))
        return error.exit_code
    except OSError as error:
        return _system_error(error)
    except Exception as error:
        if cause := _cause(error):
            _tell(words_of(cause.message))
            return cause.exit_code
        return _program_error(error)


def _cause(error: BaseException) -> BanqupError | None:
    """Returns the error with a sentence: that within a group of errors, as tasks raise them, or a fault of this
    computer.
    """
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            if cause := _cause(inner):
                return cause
    return error if isinstance(error, BanqupError) else fault_of(error)


def _system_error(error: OSError) -> int:
    where = clean(str(error.filename)) if error.filename else _("A file")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        sentence = _("The disk is full: {where} could not be written.").format(where=where)
        full = sentence if error.filename else _("The disk is full.")
        _tell(f"{full} {_('Make room and do it again; nothing is lost.')}")
        return exit_codes.CANNOT_WRITE
    if (fault := fault_of(error)) is not None and fault.code in (FaultCode.TOO_MANY_FILES, FaultCode.NO_MEMORY):
        _tell(words_of(fault.message))
        return fault.exit_code
    reason = error.strerror or error
    if _is_ours(error):
        remedy = _("Give yourself the right to it, or set BANQUP_HOME to a directory of your own.")
        _tell(_("{where} cannot be used: {reason}. {remedy}").format(where=where, reason=reason, remedy=remedy))
        return exit_codes.SETTINGS
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        _tell(
            _("{where} cannot be used: {reason}. Give yourself the right to it, or choose another.").format(
                where=where, reason=reason
            )
        )
        return exit_codes.CANNOT_WRITE
    _tell(_("{where}: {reason}. `banqup doctor` looks for the cause.").format(where=where, reason=reason))
    return exit_codes.CANNOT_WRITE


def _is_ours(error: OSError) -> bool:
    """Returns whether the file is in one of the directories of the program."""
    if not error.filename:
        return False
    path = os.path.abspath(os.fsdecode(error.filename))
    own = dirs()
    ours = (own.config, own.data, own.cache, own.runtime, own.log)
    return any(path.startswith(str(home)) or str(home).startswith(path) for home in ours)


def _program_error(error: Exception) -> int:
    path = record(error, dirs().log)
    where = " " + _("The details are in {path}.").format(path=path) if path else ""
    _tell(
        _("The program made a mistake ({name}).{where} `banqup doctor` looks for the cause.").format(
            name=type(error).__name__, where=where
        )
    )
    return exit_codes.INTERNAL


def _tell(sentence: str) -> None:
    try:
        sys.stderr.write(f"{clean(sentence)}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def _detach_stdout() -> None:
    """Points stdout to the null device, because its reader is gone and the flush at exit would fail again."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
    except (OSError, ValueError):
        return
