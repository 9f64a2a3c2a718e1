"""Messages of the test of a connection to any receiver."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

TEXTS = {
    "connection.file-written": Texts(N_("A file could be written, renamed and taken away.")),
    "connection.given-by-client": Texts(
        N_("What is missing here is given by each client."), N_("Try the connection there.")
    ),
    "connection.signed-in": Texts(N_("Signed in in {took:seconds} s.")),
    "connection.test-failed": Texts(
        N_("The extension failed while it tried."), N_("Its log says why: update or repair it.")
    ),
    "connection.too-slow": Texts(N_("The receiver did not answer within a minute."), N_("Try again later.")),
}
