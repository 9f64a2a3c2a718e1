"""Messages about duplicates and corrections of documents, and the lines of their history."""

from banqup_tui.presentation.folders import FOLDER_NAMES
from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_CHOICES = {
    "ONE_DOCUMENT": N_("one document"),
    "NEWER_VERSION": N_("a newer version"),
    "TWO_DOCUMENTS": N_("two documents"),
}

_FOLDERS = {str(folder): name for folder, name in FOLDER_NAMES.items()}

TEXTS = {
    "document.held": Texts(
        N_("Held: it is the same as an earlier document."), N_("Decide first whether it is one document or two.")
    ),
    "document.corrected-already": Texts(N_("Its values were corrected meanwhile."), N_("Look again.")),
    "document.no-amount": Texts(N_("{text} is no amount.")),
    "document.no-currency": Texts(N_("{text} is no currency.")),
    "document.no-date": Texts(N_("{text} is no date.")),
    "document.no-iban": Texts(N_("{text} is no IBAN: its length or its check digits are wrong.")),
    "document.no-vat-number": Texts(N_("{text} is no VAT number.")),
    "document.values-of-file": Texts(N_("Its values are those of its file.")),
    "document.moved-already": Texts(N_("It is not there any more: it was moved."), N_("Look again.")),
    "document.there-already": Texts(
        N_("The other client has the same file already."), N_("Withdraw this one, if it is with the wrong client.")
    ),
    "document.replaced": Texts(N_("A newer version has replaced it."), N_("Send the newer version.")),
    "document.withdrawn": Texts(N_("It is withdrawn."), N_("Restore it first.")),
    "duplicate.decided-already": Texts(N_("It is decided already: {choice}."), words={"choice": _CHOICES}),
    "duplicate.not-decided": Texts(N_("Nothing was decided about it.")),
    "duplicate.not-held": Texts(N_("It is not held: no earlier document is the same.")),
    "duplicate.sent-since": Texts(N_("Too late: it has been sent since."), N_("Withdraw it, if it is a copy.")),
    "history.copy": Texts(N_("Withdrawn: one document with {number}.")),
    "history.corrected": Texts(N_("Values corrected.")),
    "history.decided-newer-version": Texts(N_("Decided: a newer version of {number}.")),
    "history.decided-one-document": Texts(N_("Decided: one document with {number}, which is withdrawn.")),
    "history.decided-two-documents": Texts(N_("Decided: another document than {number}.")),
    "history.file-replaced": Texts(N_("A later file at the same path took its place: {number}.")),
    "history.newer-file": Texts(N_("It came at the path of {number}, which was sent: held.")),
    "history.held-again": Texts(N_("The decision was taken back: held again.")),
    "history.moved-client": Texts(N_("Moved here from {name}, {folder}."), words={"folder": _FOLDERS}),
    "history.moved-folder": Texts(
        N_("Moved to {folder} from {before}."), words={"folder": _FOLDERS, "before": _FOLDERS}
    ),
    "history.not-replaced": Texts(N_("Not replaced any more.")),
    "history.pdf-after-delivery": Texts(N_("Its PDF {name} came after it was delivered, and is not sent by itself.")),
    "history.picture-of": Texts(N_("Withdrawn: kept as the picture of {number}.")),
    "history.replaced": Texts(N_("Replaced by its newer version {number}.")),
    "history.restored": Texts(N_("Restored.")),
    "history.withdrawn": Texts(N_("Withdrawn.")),
}
