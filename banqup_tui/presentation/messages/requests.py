"""Messages of the service: why it refuses a request or a command."""

from banqup_tui.presentation.folders import FOLDER_NAMES
from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_FOLDERS = {str(folder): name for folder, name in FOLDER_NAMES.items()}
_FIELDS = {"name": N_("name"), "reference": N_("reference")}

TEXTS = {
    "account.gone": Texts(N_("There is no such account.")),
    "account.hash-unknown": Texts(N_("The hash of the password is of another kind.")),
    "account.id-no-uuid": Texts(N_("The id of an account has to be a UUID.")),
    "account.name-taken": Texts(
        N_("There is an account of the name {name}."), N_("Choose another name, or remove that one first.")
    ),
    "account.name-unusable": Texts(
        N_("The name of an account has 1 to 64 letters, digits and the signs . _ @ -."), N_("Choose another name.")
    ),
    "account.needs-one-way-in": Texts(N_("An account has a password or a key.")),
    "account.no-public-key": Texts(N_("This is no public key of OpenSSH."), N_("Give the file that ends in .pub.")),
    "account.too-many": Texts(N_("There are {limit} accounts already.")),
    "client.edited-already": Texts(
        N_("The client has been changed by someone else meanwhile."), N_("Look at it again, then change it.")
    ),
    "client.gone": Texts(N_("There is no such client."), N_("Look at the list of clients again.")),
    "client.id-no-uuid": Texts(N_("A client's id has to be a UUID.")),
    "client.no-country": Texts(N_("“{country}” is no country."), N_("Give its two letters, such as BE.")),
    "client.no-enterprise-number": Texts(N_("{number} is no enterprise number."), N_("Compare it with the register.")),
    "client.no-iban": Texts(N_("{number} is no IBAN."), N_("Compare it digit by digit.")),
    "client.no-integration": Texts(N_("This client has no active integration."), N_("Add or resume one first.")),
    "client.no-language": Texts(N_("“{language}” is no language."), N_("Write it as fr-BE or nl-BE.")),
    "client.no-vat-number": Texts(N_("{number} is no VAT number."), N_("Compare it digit by digit.")),
    "client.reference-taken": Texts(
        N_("Another client has the reference “{reference}”."), N_("Choose another reference.")
    ),
    "client.text-length": Texts(N_("The {field} of a client has 1 to {limit} characters."), words={"field": _FIELDS}),
    "client.too-long": Texts(N_("It has more than {limit} characters.")),
    "client.too-many": Texts(N_("There are more than {limit}.")),
    "client.there-already": Texts(N_("This client is there already.")),
    "command.documents-changed": Texts(
        N_("The number of documents is now {count}, not {expected}. Nothing was queued."), N_("Look again, then send.")
    ),
    "command.expired": Texts(
        N_("This was asked so long ago that it is no longer known whether it was done."),
        N_("Look whether it was done, and repeat it if not."),
    ),
    "command.refused": Texts(N_("This was refused.")),
    "command.restored-since": Texts(N_("The backend was restored since."), N_("Look again, then send.")),
    "command.taken-back": Texts(N_("This was taken back before it was done.")),
    "delivery.gone": Texts(N_("A delivery is no longer there."), N_("Look again.")),
    "delivery.may-still-arrive": Texts(
        N_("It may still arrive."), N_("Look there again in {minutes} min, then say so.")
    ),
    "delivery.unknown": Texts(N_("There is no such delivery.")),
    "document.deleted": Texts(N_("A document is no longer there."), N_("Look again: it may have been deleted.")),
    "document.not-approved": Texts(N_("Not approved by the client yet."), N_("Wait until the client has approved it.")),
    "extension.count-changed": Texts(
        N_("The number of its integrations is now {count}, not {expected}. Nothing was changed."),
        N_("Look again, then deactivate it."),
    ),
    "extension.failed-on-settings": Texts(
        N_("The extension failed while it took these settings."), N_("Its log says why: update or repair it.")
    ),
    "extension.id-taken": Texts(N_("Another extension is installed under this id."), N_("Try again.")),
    "extension.in-use": Texts(N_("{title} is used by {clients}."), N_("Remove their integrations first.")),
    "extension.not-installed": Texts(
        N_("This extension is no longer installed."), N_("Install it in the Banqup Store.")
    ),
    "extension.of-another-package": Texts(
        N_("The extension {id} is of the package {package}, not of {asked}."),
        N_("Look again at what is to be allowed."),
    ),
    "extension.of-no-package": Texts(
        N_("No package of others brings an extension {id}."), N_("banqup store list shows what is there.")
    ),
    "file.batch-malformed": Texts(N_("The body does not hold the files that it announces.")),
    "file.gone": Texts(N_("The file is not there any more."), N_("Send it again.")),
    "file.hash-differs": Texts(N_("The bytes are not those that were announced.")),
    "file.larger-than-taken": Texts(N_("A file may have at most {limit} MiB.")),
    "file.no-hash": Texts(N_("A file is addressed by its SHA-256 in lower-case hex.")),
    "file.no-such-range": Texts(N_("The file has {size} bytes.")),
    "file.not-uploaded": Texts(N_("The file was not uploaded."), N_("Import it again.")),
    "file.unknown": Texts(N_("There is no such file.")),
    "integration.folder-not-taken": Texts(
        N_("{title} does not take {folder}."), N_("Untick that folder."), {"folder": _FOLDERS}
    ),
    "integration.gone": Texts(N_("The integration is no longer there."), N_("Look again.")),
    "integration.id-taken": Texts(N_("Another integration has this id."), N_("Try again.")),
    "integration.is-paused": Texts(N_("The integration {label} is paused."), N_("Resume it first.")),
    "integration.name-taken": Texts(
        N_("This client has {label} already."), N_("Change its settings, or give the new one another name.")
    ),
    "integration.name-too-long": Texts(N_("The name is longer than {limit} letters."), N_("Choose a shorter one.")),
    "integration.needs-attention": Texts(N_("The integration {label} needs attention."), N_("Resume it first.")),
    "integration.no-folder": Texts(N_("No folder is chosen."), N_("Tick at least one folder.")),
    "integration.removed-before": Texts(N_("This integration has been removed."), N_("Add it again to change it.")),
    "integration.was-removed": Texts(N_("The integration {label} was removed."), N_("Add it again.")),
    "placing.waits-no-longer": Texts(N_("This file waits no longer."), N_("It was placed or dismissed meanwhile.")),
    "request.batch-too-large": Texts(N_("A batch holds at most {limit} commands.")),
    "request.batch-unreadable": Texts(N_("The batch cannot be read.")),
    "request.behind": Texts(N_("This reader has not caught up yet."), N_("Ask again in a moment.")),
    "request.command-unknown": Texts(N_("This service does not know such a command.")),
    "request.command-unreadable": Texts(N_("The command cannot be read.")),
    "request.copy-too-old": Texts(N_("This copy is too old to be brought up to date."), N_("It begins anew.")),
    "request.disk-full": Texts(N_("The disk of the service is full."), N_("Make room; nothing was lost.")),
    "request.field-missing": Texts(N_("“{field}” is missing.")),
    "request.key-no-uuid": Texts(N_("The key of a command has to be a UUID.")),
    "request.key-reused": Texts(N_("This key was used for another command.")),
    "request.no-such-space": Texts(N_("There is no such space.")),
    "request.not-answered": Texts(N_("The request could not be answered.")),
    "request.not-newer": Texts(N_("The program that asks is not newer than this one.")),
    "request.not-of-this-space": Texts(N_("This user has no part in this space.")),
    "request.not-signed-in": Texts(N_("You are not signed in."), N_("Sign in again.")),
    "request.not-used-so": Texts(N_("This address is not used in this way.")),
    "request.nothing-there": Texts(N_("There is nothing at this address.")),
    "request.role-changed": Texts(N_("Your role in this space has changed: the copy begins anew.")),
    "request.seen-unreadable": Texts(N_("The number that was seen cannot be read.")),
    "request.send-or-resend": Texts(N_("Either “send” or “resend” is wanted.")),
    "request.service-busy": Texts(N_("The service is busy."), N_("Try again in a moment.")),
    "request.service-failed": Texts(N_("Something went wrong in the service."), N_("Try again; its log says more.")),
    "request.service-restored": Texts(N_("The service was restored from a backup: the copy begins anew.")),
    "request.service-stopping": Texts(N_("The service is stopping."), N_("Try again in a moment.")),
    "request.too-deep": Texts(N_("The request is nested more than {limit} levels deep.")),
    "request.too-large": Texts(N_("The request is too large.")),
    "request.too-many": Texts(N_("Too many requests in one minute."), N_("Wait a little.")),
    "request.too-many-streams": Texts(N_("More than {limit} event streams are open.")),
    "request.too-slow": Texts(N_("The request came in too slowly."), N_("Send it again.")),
    "request.unreadable": Texts(N_("The request cannot be read.")),
    "request.value-foreign": Texts(N_("The value of “{field}” was not given out by this service.")),
    "request.wrong-host": Texts(N_("This is not the service of that name.")),
    "rule.gone": Texts(N_("There is no such rule.")),
    "rule.unusable": Texts(
        N_("A rule for mails goes by {limit} characters or more of their sender, recipient or subject.")
    ),
    "source.folder-not-readable": Texts(
        N_("The folder {path} may not be read by the service."), N_("Change its permissions.")
    ),
    "source.gone": Texts(N_("There is no such source.")),
    "source.holds-own-files": Texts(N_("The folder {path} holds the service's own files."), N_("Give another path.")),
    "source.host-key-unusable": Texts(
        N_("The host key of the service cannot be used."), N_("Put the file drop_host_key back, or take it away.")
    ),
    "source.no-address": Texts(N_("{text} is no address to listen at."), N_("Write it as 127.0.0.1:2022.")),
    "source.no-drop": Texts(N_("There is no such SFTP drop.")),
    "source.no-folder-there": Texts(
        N_("There is no folder {path} where the service runs."), N_("Make it, or give another path.")
    ),
    "source.no-full-path": Texts(N_("{path} is not a full path."), N_("Give the path from the root.")),
}
