"""Messages of the connectors that use HTTP: those of any server, of WebDAV, and of a webhook."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

TEXTS = {
    "http.asked-to-wait": Texts(
        N_("{server} asks to be left in peace for a while."), N_("It is tried again by itself.")
    ),
    "http.blocked-by-proxy": Texts(
        N_("The proxy did not let {server} be reached."),
        N_("It is tried again by itself; check the address if it stays so."),
    ),
    "http.certificate-not-trusted": Texts(
        N_("The certificate of {server} is not to be trusted."),
        N_("Ask whoever runs the server for a valid one, or add its issuer to those that this machine trusts."),
    ),
    "http.connection-broke": Texts(N_("The connection to {server} broke."), N_("It is tried again by itself.")),
    "http.connection-broke-unanswered": Texts(
        N_("The connection to {server} broke before it had answered."), N_("It is tried again by itself.")
    ),
    "http.connection-broke-uploading": Texts(
        N_("The connection to {server} broke while the document was on its way."),
        N_("It is tried again by itself. If it stays so, the server may not take a document of this size."),
    ),
    "http.connection-refused": Texts(
        N_("{server} refuses the connection."), N_("It is tried again by itself; check the address if it stays so.")
    ),
    "http.moved": Texts(
        N_("{server} sends elsewhere."), N_("If that is where documents belong, put that address into the settings.")
    ),
    "http.moved-to": Texts(
        N_("{server} sends elsewhere, to {address}."),
        N_("If that is where documents belong, put that address into the settings."),
    ),
    "http.no-answer": Texts(
        N_("{server} does not answer."), N_("It is tried again by itself; check the address if it stays so.")
    ),
    "http.no-answer-after-sending": Texts(
        N_("{server} did not answer in time; the document had been sent."), N_("It is tried again by itself.")
    ),
    "http.no-connection": Texts(
        N_("No connection to {server} came about."),
        N_("It is tried again by itself; check the address if it stays so."),
    ),
    "http.no-such-server": Texts(
        N_("There is no server by the name {server}."),
        N_("It is tried again by itself; check the address if it stays so."),
    ),
    "http.not-allowed": Texts(
        N_("{server} does not allow it."), N_("Ask whoever runs the server for the right to do it.")
    ),
    "http.proxy-wants-sign-in": Texts(
        N_("The proxy on the way to {server} wants a sign-in."), N_("Put it into the environment of the service.")
    ),
    "http.refused": Texts(
        N_("{server} refused the document, with the status {status}."),
        N_("Correct what it names, here or at the server, and send the document again."),
    ),
    "http.server-failed": Texts(N_("{server} fails, with the status {status}."), N_("It is tried again by itself.")),
    "http.sign-in-refused": Texts(
        N_("{server} did not accept the sign-in."), N_("Correct the sign-in in the settings.")
    ),
    "http.too-large": Texts(
        N_("{server} does not take a document of this size."),
        N_("Ask whoever runs the server to allow larger ones, or hand it over another way."),
    ),
    "http.unusable-address": Texts(
        N_("The address of {server} cannot be used."), N_("Correct the address in the settings.")
    ),
    "webdav.folder-locked": Texts(
        N_("Somebody has locked {directory} on {server}."),
        N_("It is tried again by itself; close what is open there if it stays so."),
    ),
    "webdav.folder-not-seen": Texts(
        N_("The folder {directory} cannot be seen on the server now."),
        N_("It is looked at again by itself: the document may have arrived."),
    ),
    "webdav.hidden-file-gone": Texts(
        N_("The hidden file {path} is no longer on the server."),
        N_("It is looked at again by itself: the document may have arrived."),
    ),
    "webdav.name-refused": Texts(
        N_("{server} does not accept this name in {directory}."), N_("Choose another path or another file name.")
    ),
    "webdav.names-taken": Texts(
        N_("Every name for the document is taken in {directory}."),
        N_("Tidy up the folder, or put [number] and [date] into the file name."),
    ),
    "webdav.no-folder": Texts(
        N_("The folder {directory} is not on {server} and cannot be made."), N_("Correct the path.")
    ),
    "webdav.no-room": Texts(
        N_("{server} has no room for the document, or this user's share of it is used up."),
        N_("Make room there, or ask whoever runs the server. The document is then sent by itself."),
    ),
    "webdav.not-webdav": Texts(
        N_("{server} does not speak WebDAV at this address."),
        N_("Correct the address. Nextcloud shows it below the list of files, under its settings."),
    ),
    "webdav.not-writable": Texts(
        N_("{server} does not let {directory} be written to."),
        N_("Correct the path, or ask for the right to write there."),
    ),
    "webdav.sign-in-refused": Texts(
        N_("{server} did not accept the user or the password."),
        N_("Correct them. With two-step sign-in Nextcloud wants an app password, made in its security settings."),
    ),
    "webdav.stored-less": Texts(
        N_("{server} kept only {stored} of {size} bytes."),
        N_("It is tried again by itself; see whether there is room if it stays so."),
    ),
    "webhook.address-gone": Texts(
        N_("{server} says that this address takes no events any more."),
        N_("Ask whoever runs the server for the new address."),
    ),
    "webhook.event-taken": Texts(N_("{server} took a signed event of the type test.ping.")),
    "webhook.not-a-secret": Texts(N_("The secret is not one of Standard Webhooks."), N_("Write it as {example}.")),
    "webhook.signature-refused": Texts(
        N_("{server} did not accept the signature."),
        N_("Put the same secret here and there, and compare the clocks of both machines."),
    ),
}
