"""Messages of the connectors of SFTP and of a local folder."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

TEXTS = {
    "sftp.connection-broke": Texts(
        N_("The connection to {server} broke."), N_("It is tried again by itself; check host and port if it stays so.")
    ),
    "sftp.connection-broke-renaming": Texts(
        N_("The connection broke while the document got its name {path}."), N_("It is looked at again by itself.")
    ),
    "sftp.connection-broke-uploading": Texts(
        N_("The connection broke while the document was on its way."), N_("It is tried again by itself.")
    ),
    "sftp.connection-refused": Texts(
        N_("{server} refuses the connection."), N_("It is tried again by itself; check host and port if it stays so.")
    ),
    "sftp.hidden-file-gone": Texts(
        N_("The hidden file {path} is no longer on the server."),
        N_("It is looked at again by itself: the document may have arrived."),
    ),
    "sftp.host-key-changed": Texts(
        N_("The key of {server} is not the known one: it is now {key}."),
        N_(
            "Ask whoever runs the server whether the key was changed. If so, put the new one into Host "
            "key; if not, somebody stands in between."
        ),
    ),
    "sftp.host-key-unknown": Texts(
        N_("The key of {server} is not known yet: it is {key}."),
        N_("Compare it with whoever runs the server, then put it into Host key."),
    ),
    "sftp.name-refused": Texts(
        N_("The server does not accept this name in {directory}."), N_("Choose a shorter path.")
    ),
    "sftp.no-answer": Texts(
        N_("{server} does not answer."), N_("It is tried again by itself; check host and port if it stays so.")
    ),
    "sftp.no-folder": Texts(
        N_("The folder {directory} is not on the server and cannot be made."), N_("Correct the path.")
    ),
    "sftp.no-room": Texts(
        N_("The server has no room in {directory}."),
        N_("Make room there, or ask whoever runs the server. The document is then sent by itself."),
    ),
    "sftp.no-safe-encryption": Texts(
        N_("{server} offers no way of encrypting that is safe."),
        N_("Ask whoever runs the server to bring it up to date."),
    ),
    "sftp.no-such-server": Texts(
        N_("There is no server by the name {server}."),
        N_("It is tried again by itself; check host and port if it stays so."),
    ),
    "sftp.not-offered": Texts(
        N_("{server} does not offer SFTP to this user."), N_("Ask whoever runs the server to allow it.")
    ),
    "sftp.not-renamable": Texts(
        N_("The server does not let files be renamed in {directory}."),
        N_("Ask whoever runs it for the right to rename files there, or for a server that can rename them."),
    ),
    "sftp.not-supported": Texts(
        N_("The server cannot do what is needed."), N_("Ask whoever runs it for a server that can rename files.")
    ),
    "sftp.not-writable": Texts(
        N_("The server does not let {directory} be written to."),
        N_("Correct the path, or ask for the right to write there."),
    ),
    "sftp.not-written": Texts(N_("The server could not write into {directory}."), N_("It is tried again by itself.")),
    "sftp.sign-in-refused": Texts(
        N_("{server} did not accept the sign-in."), N_("Correct the user, the password or the private key.")
    ),
    "sftp.signed-in": Texts(N_("Signed in in {took:seconds} s, host key as known.")),
    "sftp.unreadable-private-key": Texts(
        N_("The private key cannot be read."), N_("Give the whole text of the key, and its passphrase if it has one.")
    ),
    "folder.disk-full": Texts(
        N_("The disk is full: {directory}."), N_("Make room there. The document is then sent by itself.")
    ),
    "folder.hidden-file-gone": Texts(
        N_("The hidden file {path} is no longer there."),
        N_("It is looked at again by itself: the document may have arrived."),
    ),
    "folder.is-there": Texts(N_("The folder {directory} is there.")),
    "folder.not-renamed": Texts(N_("The file could not be given its name {path}."), N_("It is tried again by itself.")),
    "folder.not-there": Texts(
        N_("The folder {directory} is not there now."),
        N_("Connect the drive again: it is then seen whether the document had arrived."),
    ),
    "folder.not-writable": Texts(
        N_("The folder {directory} may not be written to."),
        N_("Give the backend's user the right to write there, or choose another path."),
    ),
    "folder.not-written": Texts(
        N_("The folder {directory} cannot be written to now."), N_("It is tried again by itself.")
    ),
    "folder.path-not-a-folder": Texts(
        N_("The path {directory} leads through something that is not a folder."),
        N_("Choose another path, or move what stands in the way."),
    ),
    "folder.path-too-long": Texts(N_("The path is too long for the disk: {directory}."), N_("Choose a shorter path.")),
    "folder.quota-used-up": Texts(
        N_("The quota of the disk is used up: {directory}."),
        N_("Make room there. The document is then sent by itself."),
    ),
    "folder.read-only-drive": Texts(
        N_("The folder {directory} is on a drive that is read-only."),
        N_("Make the drive writable, or choose another path."),
    ),
    "sheet.cannot-be-read": Texts(N_("{path} cannot be read."), N_("Check the name and the rights of the file.")),
    "sheet.client-of-row": Texts(N_("Row {row} is the same client."), N_("Keep one of them.")),
    "sheet.no-headings": Texts(
        N_("{path} has no heading that names the clients."), N_("Give the columns headings: Legal name, VAT, IBAN, …")
    ),
    "sheet.no-spreadsheet": Texts(N_("{path} cannot be read as a spreadsheet."), N_("Save it as .xlsx or CSV.")),
    "sheet.several-clients": Texts(
        N_("Reference and numbers are of several clients: {names}."), N_("Correct the row, or these clients.")
    ),
    "sheet.too-large": Texts(N_("The file is larger than {limit:size}."), N_("Divide it.")),
    "sheet.too-many-rows": Texts(N_("The sheet has more than {limit} rows."), N_("Divide it.")),
}
