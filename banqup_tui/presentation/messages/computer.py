"""Messages about faults of this computer; codes that end in `-at` name the file."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_FREE_DISK = N_("Make room; nothing that is there is lost.")
_WRITABLE = N_("Make its disk or folder writable, or set BANQUP_HOME to another.")
_RIGHT = N_("Give yourself the right to it, or set BANQUP_HOME to a directory of your own.")
_CLOSE = N_("Close other programs and try again.")
_LATER = N_("Try again in a moment.")
_DISK = N_("Have the disk looked at, then try again.")
_PLACE = N_("Look what stands in its place, or set BANQUP_HOME to another directory.")
_DAMAGE = N_("Have the disk looked at.")

TEXTS = {
    "computer.disk-full": Texts(N_("The disk is full: a file could not be written."), _FREE_DISK),
    "computer.disk-full-at": Texts(N_("The disk is full: {path} could not be written."), _FREE_DISK),
    "computer.read-only": Texts(N_("A file can only be read."), _WRITABLE),
    "computer.read-only-at": Texts(N_("{path} can only be read."), _WRITABLE),
    "computer.no-permission": Texts(N_("You may not read and write a file."), _RIGHT),
    "computer.no-permission-at": Texts(N_("You may not read and write {path}."), _RIGHT),
    "computer.too-many-files": Texts(N_("Too many files are open: one could not be opened."), _CLOSE),
    "computer.too-many-files-at": Texts(N_("Too many files are open: {path} could not be opened."), _CLOSE),
    "computer.no-memory": Texts(N_("This computer has not enough free memory."), _CLOSE),
    "computer.no-memory-at": Texts(N_("This computer has not enough free memory."), _CLOSE),
    "computer.locked": Texts(N_("Another program is using a file."), _LATER),
    "computer.locked-at": Texts(N_("Another program is using {path}."), _LATER),
    "computer.io-error": Texts(N_("The disk reported an error."), _DISK),
    "computer.io-error-at": Texts(N_("The disk reported an error at {path}."), _DISK),
    "computer.cannot-open": Texts(N_("A file cannot be opened."), _PLACE),
    "computer.cannot-open-at": Texts(N_("{path} cannot be opened."), _PLACE),
    "computer.damaged": Texts(N_("A file is damaged."), _DAMAGE),
    "computer.damaged-at": Texts(N_("{path} is damaged."), _DAMAGE),
    "computer.cannot-write": Texts(
        N_("{path} cannot be written."), N_("Choose another directory, or make room there.")
    ),
    "computer.outbox-too-new": Texts(
        N_("A newer version of the program uses this outbox."), N_("Restart this terminal.")
    ),
}
