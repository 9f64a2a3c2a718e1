"""Messages about unfiled files, faults of sources, files that are not imported, and packages that do not load."""

from banqup_tui.presentation.folders import FOLDER_NAMES
from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_NAME_THE_CLIENT = N_("Say whose it is, or create the client first.")
_LOOK_AT_IT = N_("Look at it, and say whose it is.")
_SAY_WHOSE = N_("Say whose it is.")
_RIGHT_TO_READ = N_("Give yourself the right to read it.")

_FOLDERS = {str(folder): name for folder, name in FOLDER_NAMES.items()}
_PARTY = {"": N_("a party without a name")}
_ACCOUNT = {"": N_("without a number")}

_PLACING = {
    "placing.account-and-path-differ": Texts(
        N_("It came by the account of {account}, but the path names {names}."), _LOOK_AT_IT
    ),
    "placing.account-and-path-folder-differ": Texts(
        N_("It came by an account for {wanted}, but the path says {folder}."),
        _LOOK_AT_IT,
        {"wanted": _FOLDERS, "folder": _FOLDERS},
    ),
    "placing.mail-rules-differ": Texts(
        N_("Several rules fit its mail, and lead to different clients or folders ({names})."), _LOOK_AT_IT
    ),
    "placing.mail-rule-and-address-differ": Texts(
        N_("A rule for its mail names {account}, but the address names {names}."), _LOOK_AT_IT
    ),
    "placing.mail-rule-and-address-folder-differ": Texts(
        N_("A rule for its mail says {wanted}, but the address says {folder}."),
        _LOOK_AT_IT,
        {"wanted": _FOLDERS, "folder": _FOLDERS},
    ),
    "placing.path-and-document-differ": Texts(
        N_("The path names {names}, but the document is for {known}."), _LOOK_AT_IT
    ),
    "placing.client-and-document-differ": Texts(
        N_("{name} was named, but the document is between {seller} and {buyer}."),
        _LOOK_AT_IT,
        {"seller": _PARTY, "buyer": _PARTY},
    ),
    "placing.client-and-account-differ": Texts(
        N_("{name} was named, but account {accounts} is of {known}."), _LOOK_AT_IT, {"accounts": _ACCOUNT}
    ),
    "placing.path-and-account-differ": Texts(
        N_("The path names {names}, but account {accounts} is of {known}."), _LOOK_AT_IT, {"accounts": _ACCOUNT}
    ),
    "placing.letter-alone": Texts(
        N_("The mail holds no document, only its text."), N_("Place the mail itself, or dismiss it.")
    ),
    "placing.own-mail": Texts(
        N_("The mail comes from the mailbox itself, {address}."),
        N_("Place it if it belongs to a client, or dismiss it."),
    ),
    "placing.account-and-holder-differ": Texts(
        N_("Account {accounts} is of {known}, but the file says that its holder is {names}."),
        _LOOK_AT_IT,
        {"accounts": _ACCOUNT},
    ),
    "placing.seller-in-wrong-folder": Texts(
        N_("It was put into {folder}, but {name} is the seller."), _LOOK_AT_IT, {"folder": _FOLDERS}
    ),
    "placing.buyer-in-wrong-folder": Texts(
        N_("It was put into {folder}, but {name} is the buyer."), _LOOK_AT_IT, {"folder": _FOLDERS}
    ),
    "placing.holder-in-wrong-folder": Texts(
        N_("It was put into {folder}, but {name} holds the account."), _LOOK_AT_IT, {"folder": _FOLDERS}
    ),
    "placing.role-unknown": Texts(
        N_("Neither {seller} nor {buyer} is known to be {name}."),
        N_("Say which folder it belongs to."),
        {"seller": _PARTY, "buyer": _PARTY},
    ),
    "placing.party-of-several": Texts(
        N_("{party} stands for several clients: {names}."), _SAY_WHOSE, {"party": _PARTY}
    ),
    "placing.path-of-several": Texts(N_("The path stands for several clients: {names}."), _SAY_WHOSE),
    "placing.account-of-several": Texts(
        N_("Account {accounts} stands for several clients: {names}."), _SAY_WHOSE, {"accounts": _ACCOUNT}
    ),
    "placing.no-client": Texts(
        N_("Neither {seller} nor {buyer} is a client."), _NAME_THE_CLIENT, {"seller": _PARTY, "buyer": _PARTY}
    ),
    "placing.no-parties": Texts(N_("The document names neither a seller nor a buyer."), _NAME_THE_CLIENT),
    "placing.account-of-nobody": Texts(
        N_("Account {accounts} is of no client."),
        N_("Say once whose it is: the account can be remembered then."),
        {"accounts": _ACCOUNT},
    ),
    "placing.client-archived": Texts(N_("{name} is archived."), N_("Bring the client back, or say whose it is.")),
    "placing.nobody-named": Texts(N_("The file does not say whose it is."), _NAME_THE_CLIENT),
}

_SOURCES = {
    "source.links": Texts(N_("Links are not followed: {names}.")),
    "source.no-files": Texts(N_("Pipes, devices and sockets are not read: {names}.")),
    "source.own-directories": Texts(N_("This program's own directories are not taken in: {names}.")),
    "source.too-deep": Texts(N_("Folders that lie so deep are not looked at: {names}.")),
    "source.own-directory": Texts(N_("The folder {path} is one of this program's own directories.")),
    "source.not-there": Texts(N_("The folder {path} is not there.")),
    "source.is-link": Texts(N_("{path} is a link, which is not followed."), N_("Watch the folder to which it leads.")),
    "source.no-folder": Texts(N_("{path} is not a folder.")),
    "source.may-not-be-read": Texts(N_("{path} may not be read.")),
    "source.cannot-be-read": Texts(N_("{path} cannot be read.")),
    "source.cannot-be-stored": Texts(N_("{path} cannot be kept.")),
    "source.file-failed": Texts(N_("{path} was not taken; the log says why.")),
    "source.drop-not-open": Texts(N_("Nobody can be let in at {address}.")),
}

_MAILBOX = {
    "mailbox.opened": Texts(N_("The mailbox {address} can be read.")),
    "mailbox.no-address": Texts(N_("{text} is no address of a mailbox.")),
    "mailbox.would-be-readable": Texts(
        N_("Without encryption, others could read the mails on their way from {host}."),
        N_("Use a server that encrypts."),
    ),
    "mailbox.no-password": Texts(
        N_("There is no password for the mailbox."), N_("Write banqup sources add mailbox and enter it.")
    ),
    "mailbox.unreachable": Texts(
        N_("The mail server {host} cannot be reached at port {port}."), N_("It is tried again.")
    ),
    "mailbox.broke-off": Texts(N_("The connection to the mail server {host} broke off."), N_("It is tried again.")),
    "mailbox.certificate-refused": Texts(
        N_("The certificate of the mail server {host} is not trusted, so no password was sent to it."),
        N_("Look at the server's name; else ask its provider."),
    ),
    "mailbox.sign-in-refused": Texts(
        N_("The mail server {host} refuses {user} with this password."),
        N_("Write banqup sources add mailbox and enter it again; some providers want an app password."),
    ),
    "mailbox.folder-missing": Texts(
        N_("The mailbox has no folder {folder}."), N_("Add the mailbox again with another folder.")
    ),
    "mailbox.move-to-unusable": Texts(
        N_("Mails cannot be moved to {folder}."),
        N_("Name another folder than the mailbox's own, without * and %."),
    ),
    "mailbox.move-refused": Texts(
        N_("The mail server does not move mails to {folder}. They are taken, and stay where they are."),
        N_("Name a folder that it has; it is tried again."),
    ),
    "mailbox.no-numbers": Texts(N_("The mail server {host} gives its mails no lasting numbers.")),
    "mailbox.server-says": Texts(N_("The mail server {host} refuses."), N_("It is tried again.")),
    "mailbox.mail-failed": Texts(N_("Mail {uid} was not taken; the log says why."), N_("It is tried again.")),
    "mailbox.mail-too-large": Texts(
        N_("The mail has {size} MiB, and the limit is {limit}. It is left in the mailbox."),
        N_("Save its attachments there and import them."),
    ),
}

_IMPORTS = {
    "import.not-there": Texts(N_("There is no such file."), N_("Look at the path.")),
    "import.no-file": Texts(N_("It is no file.")),
    "import.empty": Texts(N_("It is empty."), N_("Copy it again from where it came.")),
    "import.too-large": Texts(N_("It is larger than {limit} MiB."), N_("Split it, or leave it out.")),
    "import.link": Texts(N_("It is a link, which is not followed.")),
    "import.too-deep": Texts(N_("It lies too deep.")),
    "import.own-directory": Texts(N_("It is a directory of this program.")),
    "import.file-gone": Texts(N_("The file is not there any more."), N_("Import it again.")),
    "import.not-taken": Texts(N_("It was not taken.")),
    "import.folder-cannot-be-read": Texts(N_("The folder cannot be read."), _RIGHT_TO_READ),
    "import.cannot-be-read": Texts(N_("It cannot be read."), _RIGHT_TO_READ),
}

_PACKAGES = {
    "extension.does-not-load": Texts(N_("The package {package} does not load."), N_("Repair or update the package.")),
    "extension.bad-preset": Texts(
        N_("The preset {file} cannot be used."), N_("Correct the file, and start the service again.")
    ),
    "extension.fails": Texts(N_("{id} does not load."), N_("Repair or update the package.")),
    "extension.not-in-store": Texts(N_("There is no extension {id} in the Store."), N_("Install its package first.")),
    "extension.not-allowed": Texts(N_("The package {package} is not allowed yet, so nothing of it is run.")),
}

_SAMPLE_FIRM = {
    "demo.no-answers": Texts(N_("The backend answered none of the commands."), N_("Try again.")),
    "demo.no-answer": Texts(N_("The local backend does not answer."), N_("Try again.")),
    "demo.refused": Texts(N_("The local backend refused it without a reason.")),
    "demo.not-built": Texts(N_("The sample firm could not be built: {status}.")),
}

TEXTS = {**_PLACING, **_SOURCES, **_MAILBOX, **_IMPORTS, **_PACKAGES, **_SAMPLE_FIRM}
