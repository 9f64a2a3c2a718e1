"""Messages of the local service: why it cannot start, and those of its commands (backup, restore, rotate-key)."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_LOST = N_(
    "Put a backup back: banqup restore FOLDER. To begin without these documents: banqup restore --empty, which leaves"
    " what is there beside the new."
)
_NEWER = N_("Restart this terminal with the newer version.")

TEXTS = {
    "service.newer-was-here": Texts(N_("A newer version of this program has been used here."), _NEWER),
    "service.newer-runs": Texts(N_("A newer version of this program is running."), N_("Restart this terminal.")),
    "service.newer-schema": Texts(
        N_("The documents here were last used by a newer version of this program (schema {schema})."), _NEWER
    ),
    "service.usage": Texts(
        N_(
            "Use it without arguments, or with `--listen HOST:PORT`, `backup FOLDER`, `restore FOLDER`,"
            " `restore --empty` or `rotate-key`."
        )
    ),
    "service.wrong-variable": Texts(
        N_("{name} is set to {value}."), N_("Set it to a value such as {example}, or take it away.")
    ),
    "service.runs-already": Texts(N_("The local backend runs already.")),
    "service.must-be-ended": Texts(
        N_("The local backend runs already."),
        N_(
            "Close every terminal, and end it: Ctrl+C where banqup serve runs, systemctl --user stop banqup-backend,"
            " or kill {pid}."
        ),
    ),
    "service.no-locks": Texts(
        N_("Files cannot be locked in {directory}."), N_("Set BANQUP_HOME to a directory on a local disk.")
    ),
    "service.no-place-for-socket": Texts(
        N_("The path of {directory} is too long for a socket, and no other directory for it is this user's own."),
        N_("Set BANQUP_HOME to a directory with a shorter path."),
    ),
    "service.wrong-address": Texts(
        N_("{address} is not an address to listen on."), N_("Write it as 127.0.0.1:8080 or [::1]:8080.")
    ),
    "service.address-not-free": Texts(
        N_("The service cannot listen on {address}."), N_("Choose another address or port.")
    ),
    "service.disk-full": Texts(N_("The disk that holds {directory} is full."), N_("Make room, and start again.")),
    "service.cannot-use-files": Texts(N_("The local backend cannot use its files.")),
    "service.cannot-use-file": Texts(N_("The local backend cannot use {path}.")),
    "service.cannot-open": Texts(
        N_("The documents in {directory} cannot be opened."), N_("Put the last backup back: banqup restore FOLDER.")
    ),
    "service.database-missing-files-there": Texts(
        N_("The database {database} is missing, but files of documents are there ({count}). Nothing was started."),
        _LOST,
    ),
    "service.database-empty-files-there": Texts(
        N_("The database {database} is empty, but files of documents are there ({count}). Nothing was started."),
        _LOST,
    ),
    "service.database-missing-copy-there": Texts(
        N_(
            "The database {database} is missing, but this computer's copy knows documents ({count})."
            " Nothing was started."
        ),
        _LOST,
    ),
    "service.database-empty-copy-there": Texts(
        N_(
            "The database {database} is empty, but this computer's copy knows documents ({count}). Nothing was started."
        ),
        _LOST,
    ),
    "service.sealed-elsewhere": Texts(
        N_("The settings kept here cannot be read: they were sealed with another key, or for another place."),
        N_("Put the file {file} back: it is in the same backup as the database."),
    ),
    "service.no-backup": Texts(
        N_("{path} is no backup of this program."), N_("Name the folder that a backup was written to.")
    ),
    "service.in-the-way": Texts(N_("{path} is there already."), N_("Name a folder that does not exist yet.")),
    "service.backup-made": Texts(N_("The backup is in {path}.")),
    "service.backup-in-place": Texts(
        N_("The backup is in place. Integrations are paused: look at what is unknown, then resume them.")
    ),
    "service.begins-empty": Texts(N_("The program begins without documents.")),
    "service.before-is-in": Texts(N_("What was there before is in {path}.")),
    "service.key-replaced": Texts(
        N_("All settings and sign-ins are sealed with a new key (values: {count}). Older backups keep the older key.")
    ),
    "service.database-older": Texts(
        N_(
            "The database is older than what this computer had seen of it (change {seq} is the last in it, {seen} was"
            " seen)."
        ),
        N_("What was open in it is unknown, and integrations are paused: look at them, then resume them."),
    ),
}
