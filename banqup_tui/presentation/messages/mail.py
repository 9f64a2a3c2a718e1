"""Messages of the connector of e-mail."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

TEXTS = {
    "mail.addresses-accepted": Texts(N_("The server takes mail from {sender} for {addresses}.")),
    "mail.cannot-be-asked": Texts(
        N_("A mail server cannot be asked what became of a message."), N_("Look for it in the software.")
    ),
    "mail.certificate-not-trusted": Texts(
        N_("The certificate of {server} is not to be trusted."),
        N_(
            "Correct the server's name. If the server belongs to the firm and has a certificate of its "
            "own authority, put that authority's into CA certificate."
        ),
    ),
    "mail.connected": Texts(N_("Connected in {took:seconds} s, {encryption}.")),
    "mail.connected-unencrypted": Texts(N_("Connected in {took:seconds} s, without encryption.")),
    "mail.connection-broke": Texts(
        N_("The connection to {server} broke."), N_("It is tried again by itself; check host and port if it stays so.")
    ),
    "mail.connection-broke-sending": Texts(
        N_("The connection to {server} broke before the message was whole."),
        N_("Nothing of it counts. It is tried again by itself."),
    ),
    "mail.connection-refused": Texts(
        N_("{server} refuses the connection."), N_("It is tried again by itself; check host and port if it stays so.")
    ),
    "mail.larger-than-limit": Texts(
        N_("{server} takes messages of at most {limit:size}; with this document it has {size:size}."),
        N_("Send a smaller copy of it, or give it to the software by hand."),
    ),
    "mail.message-postponed": Texts(N_("{server} did not take the message now."), N_("It is tried again by itself.")),
    "mail.message-refused": Texts(
        N_("{server} refused the message."),
        N_("Ask whoever runs the mailbox what it does not take, or give the document to the software by hand."),
    ),
    "mail.no-address-for-folder": Texts(
        N_("There is no address for this folder, so its documents are not taken."),
        N_("Fill in the address of that folder, or Address for all; or leave that folder out of the integration."),
    ),
    "mail.no-answer": Texts(
        N_("{server} does not answer."), N_("It is tried again by itself; check host and port if it stays so.")
    ),
    "mail.no-answer-to-message": Texts(
        N_("{server} did not say whether it took the message."), N_("Look whether the document is in the software.")
    ),
    "mail.no-browser-sign-in": Texts(
        N_("{server} does not let anybody sign in by the browser here; ways offered: {ways}."),
        N_("Sign in by password, or correct the mail server."),
    ),
    "mail.no-password-sign-in": Texts(
        N_("{server} takes no user and password here; ways it offers: {ways}."),
        N_(
            "Ask whoever runs the server to allow sign-in by password, or leave user and password empty "
            "if it wants none."
        ),
    ),
    "mail.no-pdf-inside": Texts(
        N_("This mailbox takes PDF and images only; the document is {media_type} and holds no single PDF."),
        N_("Give the document to the software by hand, or in another way that takes it."),
    ),
    "mail.no-starttls": Texts(
        N_("{server} does not offer STARTTLS."),
        N_("Choose TLS under Security, and its port (usually 465). Nothing was sent to it unencrypted."),
    ),
    "mail.no-such-server": Texts(
        N_("There is no server by the name {server}."),
        N_("It is tried again by itself; check host and port if it stays so."),
    ),
    "mail.not-an-address": Texts(
        N_("An address in the settings is not one that mail can be sent to."),
        N_("Write it as {example}, without accents."),
    ),
    "mail.not-encrypted": Texts(
        N_("{server} is not this machine, and without encryption anybody on the way can read the documents."),
        N_("Choose STARTTLS or TLS under Security."),
    ),
    "mail.not-welcome": Texts(N_("{server} takes no mail now."), N_("It is tried again by itself.")),
    "mail.recipient-postponed": Texts(
        N_("{server} takes no mail for {address} now."), N_("It is tried again by itself.")
    ),
    "mail.recipient-refused": Texts(
        N_("{server} takes no mail for {address}."),
        N_("Compare the address with the one that the software shows, and correct it."),
    ),
    "mail.sender-refused": Texts(
        N_("{server} does not let this user send as {sender}."),
        N_("Correct the sender's address, or ask whoever runs the server for the right to use it."),
    ),
    "mail.sign-in-refused": Texts(
        N_("{server} did not accept the sign-in."),
        N_("Correct the user or the password. Some providers want a password made for programs."),
    ),
    "mail.sign-in-wanted": Texts(N_("{server} wants a sign-in first."), N_("Fill in user and password.")),
    "mail.signed-in": Texts(N_("Signed in in {took:seconds} s, {encryption}.")),
    "mail.signed-in-unencrypted": Texts(N_("Signed in in {took:seconds} s, without encryption.")),
    "mail.token-refused": Texts(
        N_("{server} did not accept the sign-in."),
        N_(
            "Sign in again in the settings, as the user that stands there. It has to be allowed to send "
            "by program (SMTP)."
        ),
    ),
    "mail.too-large": Texts(
        N_("For {server} a message of {size:size} is too large."),
        N_("Send a smaller copy of it, or give it to the software by hand."),
    ),
    "mail.unreadable-authority": Texts(
        N_("The CA certificate cannot be read."),
        N_("Give the whole text of it in PEM, or the path of such a file on the backend's machine."),
    ),
    "mail.wrong-encryption": Texts(
        N_("{server} does not encrypt in this way."),
        N_("Choose the other kind under Security, or correct the port: STARTTLS is usual at 587, TLS at 465."),
    ),
}
