"""Messages of the connectors of accounting software: Tryton and Fava."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

TEXTS = {
    "tryton.became-another": Texts(N_("Arrived in Tryton as incoming document {number}, and became {model} {row}.")),
    "tryton.became-draft-invoice": Texts(
        N_("Draft supplier invoice {invoice} in Tryton, from incoming document {number}.")
    ),
    "tryton.cancelled-there": Texts(N_("Arrived in Tryton as incoming document {number}, and was cancelled there.")),
    "tryton.e-invoices-become-drafts": Texts(N_("E-invoices become draft invoices.")),
    "tryton.e-invoices-wait": Texts(
        N_("E-invoices arrive and wait: the module edocument_ubl is not active in Tryton.")
    ),
    "tryton.key-refused": Texts(
        N_("Tryton at {server} does not accept the key."),
        N_("Make a key for the application REST in Tryton, in the preferences of its user, and put it here."),
    ),
    "tryton.no-company": Texts(
        N_("The user of the key has no company {company} in Tryton."),
        N_("Correct the company, or give it to the user in Tryton."),
    ),
    "tryton.no-database": Texts(
        N_("Tryton at {server} has no database of this name."), N_("Correct the database, or the address.")
    ),
    "tryton.no-incoming-documents": Texts(
        N_("Tryton at {server} takes no incoming documents."),
        N_("Activate the modules document_incoming_invoice and edocument_ubl there."),
    ),
    "tryton.no-right-to-add": Texts(
        N_("The user of the key may not put incoming documents into Tryton."),
        N_("Give the user the groups Document Incoming and Accounting in Tryton."),
    ),
    "tryton.not-allowed": Texts(
        N_("Tryton at {server} does not allow it."),
        N_("Give the user of the key the groups Document Incoming and Accounting in Tryton."),
    ),
    "tryton.not-shown": Texts(N_("Tryton does not show the document that was sent."), N_("It is looked up by itself.")),
    "tryton.not-tryton": Texts(
        N_("{server} does not answer as Tryton does."),
        N_("Correct the address: it is that of Tryton's server, without the database."),
    ),
    "tryton.not-yet-an-invoice": Texts(
        N_("Arrived in Tryton as incoming document {number}, not yet an invoice."), N_("Look in Tryton.")
    ),
    "tryton.refused": Texts(
        N_("Tryton at {server} refused the document."),
        N_("Correct what it names in Tryton or in the settings, and send the document again."),
    ),
    "tryton.signed-in": Texts(N_("Signed in to {company}.")),
    "tryton.to-be-worked-on": Texts(N_("Arrived in Tryton as incoming document {number}, to be worked on there.")),
    "tryton.too-large": Texts(
        N_("Tryton at {server} does not take a document of this size."),
        N_("Raise max_size in the section [request] of its configuration (2 MB unless told), and send it again."),
    ),
    "fava.account-not-open": Texts(
        N_("The account {account} is not open in the ledger."),
        N_("Open it there (2020-01-01 open {account}), or correct the account."),
    ),
    "fava.account-open": Texts(N_("The account {account} is open.")),
    "fava.ledger-there": Texts(N_("The ledger {ledger} is there.")),
    "fava.no-documents-folder": Texts(
        N_("The ledger has no documents folder {folder}."),
        N_('Write option "documents" "{folder}" into the ledger, or correct the documents folder.'),
    ),
    "fava.no-ledger": Texts(
        N_("Fava at {server} shows no ledger {ledger}."),
        N_("Correct the ledger: it stands in the address of Fava's pages."),
    ),
    "fava.not-fava": Texts(
        N_("{server} does not answer as Fava does."), N_("Correct the address: it is that of Fava, without the ledger.")
    ),
    "fava.other-file": Texts(
        N_("Fava has another file by the name {name}: an earlier one was cut off while it was written."),
        N_("Delete it in Fava, and send the document again."),
    ),
    "fava.read-only": Texts(N_("Fava at {server} lets nobody add documents."), N_("Start it without --read-only.")),
}
