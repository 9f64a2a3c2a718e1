"""Messages of `banqup doctor`."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_RIGHT = N_("Give yourself the right to it, or set BANQUP_HOME to a directory of your own.")
_IMPORT_AGAIN = N_("Import the same file again from where it came: it takes the place of the damaged one.")

TEXTS = {
    "doctor.value": Texts("{value}"),
    "doctor.directory-not-writable": Texts(N_("{path} cannot be written."), _RIGHT),
    "doctor.directory-open-to-others": Texts(N_("Others may enter {path}."), "chmod 700 {path}"),
    "doctor.key-open-to-others": Texts(
        N_("Others may read {path}."), N_("chmod 600 {path}, and replace the key: docs/service.md says how.")
    ),
    "doctor.disk-nearly-full": Texts(
        N_("{megabytes} MB are free."), N_("Make room: nothing is lost, but nothing new can be kept.")
    ),
    "doctor.disk-has-room": Texts(N_("{megabytes} MB are free.")),
    "doctor.locks": Texts(N_("Files can be locked.")),
    "doctor.no-locks": Texts(
        N_("Files cannot be locked in {directory}."), N_("Set BANQUP_HOME to a directory on a disk of this computer.")
    ),
    "doctor.settings-read": Texts(N_("{path} is read.")),
    "doctor.settings-default": Texts(N_("The defaults: there is no config.toml.")),
    "doctor.file-sound": Texts(N_("The file is sound.")),
    "doctor.copy-damaged": Texts(N_("{path} is damaged."), N_("It is made again by itself at the next start.")),
    "doctor.outbox-damaged": Texts(
        N_("{path} is damaged."),
        N_("Keep it: at the next start what can be read of it is saved into a new one."),
    ),
    "doctor.database-damaged": Texts(
        N_("{path} is damaged."),
        N_("Put the last backup back: banqup restore FOLDER. What is there now stays beside it."),
    ),
    "doctor.outbox-aside": Texts(
        N_("{path} is a damaged outbox of before."),
        N_("What could be read of it was taken up. Delete it once nothing is missing."),
    ),
    "doctor.clock-wrong": Texts(
        N_("The clock says {found}."), N_("Set the clock: dates of what comes in would be wrong.")
    ),
    "doctor.locale": Texts(N_("The locale is {encoding}.")),
    "doctor.locale-not-utf": Texts(
        N_("The locale is {encoding}: signs are shown in ASCII."), N_("Set LANG to a UTF-8 locale, as en_GB.UTF-8.")
    ),
    "doctor.no-terminal": Texts(N_("Not a terminal: nothing to look at.")),
    "doctor.window-small": Texts(N_("The window is {columns} × {lines}."), N_("60 × 16 is needed: make it larger.")),
    "doctor.window": Texts(N_("The window is {columns} × {lines}.")),
    "doctor.no-colours": Texts(N_("None, as NO_COLOR asks.")),
    "doctor.many-colours": Texts(N_("16 million.")),
    "doctor.term-unknown": Texts(N_("TERM is {term}."), N_("Set TERM to what the terminal is: xterm-256color.")),
    "doctor.term-not-set": Texts(N_("TERM is not set."), N_("Set TERM to what the terminal is: xterm-256color.")),
    "doctor.stored-file-missing": Texts(N_("Its stored file is missing."), _IMPORT_AGAIN),
    "doctor.stored-file-unreadable": Texts(N_("Its stored file cannot be read."), _IMPORT_AGAIN),
    "doctor.stored-file-damaged": Texts(N_("Its stored file is damaged."), _IMPORT_AGAIN),
    "doctor.stored-files-read": Texts(N_("Stored files that were read: {count}.")),
    "doctor.stored-files-damaged": Texts(
        N_("The service found documents whose stored file is damaged: {count}."),
        N_(
            "banqup doctor --deep names them. Import the same file again from where it came: it takes the place of the"
            " damaged one."
        ),
    ),
    "doctor.copy": Texts(N_("Clients: {clients}; documents: {documents}.")),
    "doctor.copy-cannot-be-opened": Texts(N_("It cannot be opened."), N_("See the directories above.")),
    "doctor.service-answers": Texts(N_("It answers, and the copy is in step.")),
    "doctor.changes-wait": Texts(N_("Changes that wait on this computer: {count}."), N_("banqup sync sends them.")),
    "doctor.nothing-waits": Texts(N_("Nothing waits.")),
    "doctor.change-refused": Texts(N_("Refused: {what}."), N_("banqup changes lists it, and what to do.")),
    "doctor.source-fails": Texts(N_("{path} cannot be read as it should."), N_("banqup sources list shows it.")),
    "doctor.extension-not-allowed": Texts(
        N_("{id} of the package {package} is not allowed, so nothing of it is run."),
        N_("banqup store allow {id}, if you trust the package."),
    ),
    "doctor.extension-fails": Texts(N_("{id} does not load."), N_("Install it again, or take it away.")),
    "doctor.integration-broken": Texts(N_("It needs attention."), N_("Mend it, then banqup integrations resume {id}.")),
    "doctor.integration-paused": Texts(N_("It is paused."), "banqup integrations resume {id}"),
    "doctor.integrations": Texts(N_("{active} of {count} are active.")),
}
