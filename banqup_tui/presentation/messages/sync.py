"""Messages of the synchronization and the launcher: why the server cannot be reached, or the service not started."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_BY_ITSELF = N_("It is tried again by itself.")
_NOT_OURS = N_("The server does not answer. Something else answers in its place.")

TEXTS = {
    "sync.no-network": Texts(N_("There is no connection to the server."), _BY_ITSELF),
    "sync.server-down": Texts(N_("The server does not answer."), _BY_ITSELF),
    "sync.not-the-server": Texts(_NOT_OURS, _BY_ITSELF),
    "sync.too-slow": Texts(N_("The server does not answer. It took too long."), _BY_ITSELF),
    "sync.cut-off": Texts(N_("The server does not answer. The connection was cut off."), _BY_ITSELF),
    "sync.file-not-whole": Texts(N_("The file did not arrive whole from the server."), _BY_ITSELF),
    "sync.file-too-large": Texts(N_("The file of the server is too large."), _BY_ITSELF),
    "sync.answer-too-large": Texts(N_("The answer of the server is too large."), _BY_ITSELF),
    "sync.answer-unreadable": Texts(N_("The answer of the server cannot be read."), _BY_ITSELF),
    "sync.server-busy": Texts(N_("The server is busy."), _BY_ITSELF),
    "sync.server-stopping": Texts(N_("The server is stopping."), _BY_ITSELF),
    "sync.server-disk-full": Texts(N_("The disk of the server is full."), N_("Make room; nothing was lost.")),
    "sync.server-failed": Texts(
        N_("Something went wrong in the server."), N_("It is tried again by itself. Its log says more.")
    ),
    "sync.server-answered": Texts(N_("The server does not answer as it should: its status is {status}."), _BY_ITSELF),
    "sync.server-silent": Texts(
        N_("The server is there, but takes no requests: it is stopped, or busy with something else."),
        N_("It goes on by itself when it answers. If it does not, end its process: banqup doctor names it."),
    ),
    "sync.signed-out": Texts(N_("The server does not know this sign-in any more."), N_("Sign in again.")),
    "sync.copy-too-old": Texts(N_("The copy is too old for the server's history."), N_("It is made again by itself.")),
    "sync.not-answered": Texts(N_("No answer in the time given."), N_("It goes on with the next connection.")),
    "sync.system-refused": Texts(N_("The system refused it."), _BY_ITSELF),
    "sync.system-refused-at": Texts(N_("The system refused it at {path}."), _BY_ITSELF),
    "sync.clock-set-back": Texts(
        N_("The clock of this computer was set back: it was {at} before."),
        N_("Set the clock: dates of what you do would be wrong."),
    ),
    "sync.program-fault": Texts(
        N_("The program made a mistake ({kind})."),
        N_("It is tried again by itself. The details are in its log; banqup doctor says where that is."),
    ),
    "outbox.change-damaged": Texts(
        N_("This change was damaged on the disk and was not sent."),
        N_("Look whether it has been done, and do it again if not."),
    ),
    "outbox.change-too-old": Texts(
        N_("This change lay in a damaged file for more than 30 days and was not sent."),
        N_("Look whether it has been done, and do it again if not."),
    ),
    "launcher.newer-version-runs": Texts(
        N_("A newer version of this program is running."),
        N_("Restart this terminal; until then it shows what it has, and keeps what you do."),
    ),
    "launcher.newer-version-used": Texts(
        N_("A newer version of this program has been used here, and has changed how the documents are kept."),
        N_("Use that version, or a newer one; until then this terminal shows what it has, and keeps what you do."),
    ),
    "launcher.not-started": Texts(N_("The local backend did not start."), N_("Its log is {log}.")),
    "launcher.service-hangs": Texts(
        N_("The local backend does not answer: it is stopped, or busy with something else."),
        N_("Wait a moment; if that does not help, end its process. Nothing is lost by it."),
    ),
    "launcher.service-hangs-as": Texts(
        N_("The local backend (process {pid}) does not answer: it is stopped, or busy with something else."),
        N_("Wait a moment; if that does not help, end its process. Nothing is lost by it."),
    ),
    "launcher.another-users": Texts(
        N_("The backend at {path} runs as another user."),
        N_("Use the program as the user whose documents these are, or end that backend."),
    ),
}
