"""Messages of the readers: why a file cannot be read (`file.…`), and warnings about readable files (`content.…`)."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

_ASK_SENDER = N_("Ask the sender for the file again.")
_PLACE_IT = N_("Ask the sender for another file, or place this one by hand as it is.")
_UNPACK = N_("Unpack it yourself, and import what is inside.")
_UNPACK_SMALLER = N_("Unpack it yourself, and import what is inside in several turns.")
_SMALLER = N_("Ask the sender for a smaller one.")
_ONLY_THOSE = N_("Only those two can be read.")
_ASK_FOR_UBL = N_("Ask the sender for UBL or CII.")

_DOCUMENTS = {
    "bank-message": N_("a bank message"),
    "catalogue": N_("a catalogue"),
    "cdar": N_("a status message (CDAR)"),
    "despatch-advice": N_("a despatch advice"),
    "document": N_("a document"),
    "order": N_("an order"),
    "order-cancellation": N_("the cancellation of an order"),
    "order-change": N_("a change to an order"),
    "order-response": N_("the answer to an order"),
    "order-x": N_("an order (Order-X)"),
    "payment-file": N_("a payment file"),
    "quotation": N_("a quotation"),
    "receipt-advice": N_("a receipt advice"),
    "reminder": N_("a reminder"),
    "self-billed-credit-note": N_("a self-billed credit note"),
    "self-billed-invoice": N_("a self-billed invoice"),
    "statement-of-account": N_("a statement of account"),
    "status-message": N_("a status message"),
    "web-page": N_("a web page"),
}
_FORMATS = {
    "e-slog": N_("a Slovenian e-SLOG invoice"),
    "ebinterface": N_("an Austrian ebInterface invoice"),
    "edifact": N_("an EDIFACT message"),
    "facturae": N_("a Spanish Facturae invoice"),
    "fatturapa": N_("an Italian FatturaPA invoice"),
    "finvoice": N_("a Finnish Finvoice"),
    "ksef": N_("a Polish KSeF invoice"),
    "setu": N_("a Dutch SETU invoice"),
    "svefaktura": N_("a Swedish Svefaktura"),
}
_MISSING = {
    "account": N_("the account (:25:)"),
    "balance-or-movement": N_("any balance or movement (:60F:, :61:)"),
    "header-record": N_("the header record (0)"),
}

REFUSALS = {
    "file.empty": Texts(N_("The file is empty."), _ASK_SENDER),
    "file.too-large": Texts(
        N_("The file is larger than {limit} MB."), N_("Split it, or ask the sender for a smaller one.")
    ),
    "file.has-dtd": Texts(
        N_("The XML has a DTD, which can make a reader fetch or unfold things."),
        N_("Ask the sender for the file without a DTD."),
    ),
    "file.not-well-formed": Texts(N_("The XML is not well formed at line {line}."), _ASK_SENDER),
    "file.too-deep": Texts(N_("The XML is nested deeper than {limit} levels."), _ASK_SENDER),
    "file.too-many-elements": Texts(N_("The XML has more than {limit} elements."), _ASK_SENDER),
    "file.tag-too-long": Texts(N_("The XML has a tag or a comment of more than {limit} MB."), _ASK_SENDER),
    "file.encoding-unknown": Texts(N_("The XML is in an encoding that is not known: {encoding}."), _ASK_SENDER),
    "file.other-document": Texts(
        N_("This is {what}, not an invoice or a bank statement."), _ONLY_THOSE, {"what": _DOCUMENTS}
    ),
    "file.other-ubl-document": Texts(
        N_("This is {what} (UBL {name}), not an invoice or a bank statement."), _ONLY_THOSE, {"what": _DOCUMENTS}
    ),
    "file.other-bank-message": Texts(
        N_("This is {what} (ISO 20022 {name}), not an invoice or a bank statement."), _ONLY_THOSE, {"what": _DOCUMENTS}
    ),
    "file.other-xml": Texts(
        N_("This is XML of another kind (root {name}), not an invoice or a bank statement."), _ONLY_THOSE
    ),
    "file.other-format": Texts(N_("This is {what}, a format that is not read."), _ASK_FOR_UBL, {"what": _FORMATS}),
    "file.ubl-one": Texts(N_("This is a UBL 1.0 document ({name}), a format that is not read."), _ASK_FOR_UBL),
    "file.empty-invoice": Texts(N_("The invoice has no number, date, seller or amount."), _ASK_SENDER),
    "file.empty-statement": Texts(N_("The bank file holds no statement."), N_("Export it again from the bank.")),
    "file.fragment": Texts(
        N_("This is a fragment of {format}: {missing} is missing."),
        N_("Export the whole file again."),
        {"missing": _MISSING},
    ),
    "file.encrypted-pdf": Texts(N_("The PDF is locked with a password."), N_("Save it without a password.")),
    "file.damaged-pdf": Texts(N_("The PDF is damaged."), _ASK_SENDER),
    "file.damaged-archive": Texts(N_("The archive is damaged."), _ASK_SENDER),
    "file.damaged-attachment": Texts(N_("The attachment is damaged."), _ASK_SENDER),
    "file.damaged-mail": Texts(N_("The mail that is attached to this one is damaged."), _ASK_SENDER),
    "file.incomplete": Texts(
        N_("The file is not whole: {format} without its end."),
        N_("Wait until it is written to its end, or ask the sender for it again."),
    ),
    "file.nothing-inside": Texts(N_("There is no document inside."), _ASK_SENDER),
    "file.too-nested": Texts(
        N_("The file lies deeper than {limit} archives, mails or envelopes inside one another."), _UNPACK
    ),
    "file.too-many-parts": Texts(N_("There are more than {limit} files inside."), _UNPACK_SMALLER),
    "file.part-too-large": Texts(N_("Unpacked, this file is larger than {limit} MB."), _SMALLER),
    "file.parts-too-large": Texts(
        N_("Unpacked, the files inside are larger than {limit} MB together."), _UNPACK_SMALLER
    ),
    "file.compressed-too-much": Texts(
        N_("The file is compressed more than {limit} times, as only files that are made to do harm are."), _ASK_SENDER
    ),
    "file.overlapping-archive": Texts(
        N_("The files in the archive overlap, as only in archives that are made to do harm."), _ASK_SENDER
    ),
    "file.encrypted-part": Texts(N_("The file in the archive is locked with a password."), _UNPACK),
    "file.unknown-compression": Texts(N_("The file is compressed in a way that is not known."), _UNPACK),
    "file.winmail": Texts(
        N_("Outlook has packed what came with this mail into a file of its own form (winmail.dat)."),
        N_("Ask the sender to send the mail as HTML or plain text."),
    ),
    "file.not-separable": Texts(
        N_("The statements in this file cannot be separated from one another."),
        N_("Ask the bank for a file of each account."),
    ),
    "file.secured-mail": Texts(
        N_("The content of this mail is encrypted, or sealed with a signature."),
        N_("Open it in your mail program, and save its attachments."),
    ),
    "file.program": Texts(N_("The file is a program."), N_("Programs are not taken.")),
    "file.unknown-kind": Texts(N_("The file is of no known kind."), N_("Save it as a PDF.")),
    "file.no-attachment": Texts(N_("The document has no attachment number {number}.")),
    "file.too-much-content": Texts(N_("The file holds more than {limit} MB of lines and texts."), _PLACE_IT),
    "file.too-many-entries": Texts(N_("The file has more than {limit} lines or movements."), _PLACE_IT),
    "file.reader-out-of-time": Texts(N_("Reading the file takes longer than {limit} seconds."), _PLACE_IT),
    "file.reader-starved": Texts(
        N_("The computer was busy: reading the file was not done after {limit} seconds."),
        N_("Try again when it has less to do, or place this one by hand as it is."),
    ),
    "file.reader-out-of-memory": Texts(N_("Reading the file takes more than {limit} MB of memory."), _PLACE_IT),
    "file.reader-ended": Texts(N_("The program that reads files was brought down by this file."), _PLACE_IT),
    "file.reader-failed": Texts(N_("The file could not be read: {problem}."), N_("Please report this as a defect.")),
}

TEXTS = {
    **REFUSALS,
    "file.reader-not-available": Texts(
        N_("The program that reads files could not be started."), N_("It is tried again by itself.")
    ),
    "content.amount-rounded": Texts(N_("{amount} is finer than the smallest unit of {currency} and was rounded.")),
    "content.amount-unreadable": Texts(N_("“{text}” is no amount.")),
    "content.point-ambiguous": Texts(N_("“{text}” has a point where the standard has none; {taken} was taken.")),
    "content.sign-unreadable": Texts(N_("“{text}” is no sign of an amount.")),
    "content.number-unreadable": Texts(N_("“{text}” is no number.")),
    "content.date-unreadable": Texts(N_("“{text}” is no date.")),
    "content.date-not-iso": Texts(N_("“{text}” is not how a date is written in this format; {taken} was taken.")),
    "content.date-adjusted": Texts(N_("“{date}” is not in the calendar; {taken} was taken.")),
    "content.encoding-guessed": Texts(N_("The text is not in the encoding that it declares; {encoding} was taken.")),
    "content.encoding-inferred": Texts(N_("The file does not name its encoding; by its letters {encoding} was taken.")),
    "content.bytes-unreadable": Texts(N_("Letters that cannot be read are shown as “�”: {count}.")),
    "content.after-end": Texts(N_("What stands behind the end of the document was passed over.")),
    "content.currency-missing": Texts(N_("No currency is named.")),
    "content.currency-differs": Texts(N_("An amount is in {own}, the document in {currency}.")),
    "content.number-missing": Texts(N_("The document has no number.")),
    "content.issue-date-missing": Texts(N_("The document has no date.")),
    "content.name-missing": Texts(N_("A party has no name.")),
    "content.no-credit-note-code": Texts(N_("The type code {type_code} does not fit a credit note.")),
    "content.credit-note-negative": Texts(
        N_("The amounts of this credit note have a minus, {amount}; they are read as {credited} credited.")
    ),
    "content.totals-differ": Texts(N_("Net {net} and VAT {vat} do not make {gross}.")),
    "content.payable-differs": Texts(
        N_("Total, prepaid amount and rounding make {made}, but {payable} is to be paid.")
    ),
    "content.lines-differ": Texts(N_("The lines make {made}, but their total says {total}.")),
    "content.iban-invalid": Texts(N_("“{number}” is no valid IBAN.")),
    "content.attachment-damaged": Texts(N_("The attachment “{name}” is damaged.")),
    "content.several-invoices": Texts(N_("The file holds {count} invoices; the first that can be read is shown.")),
    "content.embedded-unreadable": Texts(
        N_("The XML inside the PDF cannot be read: {reason}"),
        words={"reason": {code: texts.sentence for code, texts in REFUSALS.items()}},
    ),
    "content.embedded-too-much": Texts(N_("More is embedded in the PDF than is read; {count} files of it are.")),
    "content.embedded-too-many": Texts(N_("More XML files are embedded in the PDF than the {limit} that are read.")),
    "content.account-missing": Texts(N_("No account is named.")),
    "content.balance-differs": Texts(N_("The movements make a closing balance of {made}, but {closing} is given.")),
    "content.turnover-differs": Texts(N_("The movements make a turnover of {made}, but {turnover} is given.")),
    "content.records-unknown": Texts(N_("A line was not understood: “{text}”.")),
    "content.movement-unreadable": Texts(N_("A movement was not understood: “{text}”.")),
    "content.statement-cut": Texts(N_("The statement has no end.")),
}
