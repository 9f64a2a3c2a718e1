"""What is odd in a document that can be read all the same."""

from __future__ import annotations

import msgspec

SENTENCES: dict[str, str] = {
    "amount-rounded": "{0} is finer than the smallest unit of {1} and was rounded.",
    "amount-unreadable": "“{0}” is no amount.",
    "number-unreadable": "“{0}” is no number.",
    "date-unreadable": "“{0}” is no date.",
    "date-adjusted": "“{0}” is not in the calendar; {1} was taken.",
    "encoding-guessed": "The text is not in the encoding that it declares; {0} was taken.",
    "currency-missing": "No currency is named.",
    "currency-differs": "An amount is in {0}, the document in {1}.",
    "number-missing": "The document has no number.",
    "issue-date-missing": "The document has no date.",
    "name-missing": "A party has no name.",
    "kind-contradicts": "The type code {0} does not fit a document of the kind {1}.",
    "credit-note-negative": "The amounts of this credit note have a minus, {0}; they are read as {1} credited.",
    "totals-differ": "Net {0} and VAT {1} do not make {2}.",
    "payable-differs": "Total, prepaid amount and rounding make {0}, but {1} is to be paid.",
    "lines-differ": "The lines make {0}, but their total says {1}.",
    "iban-invalid": "“{0}” is no valid IBAN.",
    "vat-number-check": "The check digits of {0} do not fit.",
    "communication-check": "The check digits of {0} should be {1}.",
    "attachment-damaged": "The attachment “{0}” is damaged.",
    "several-invoices": "The file holds {0} invoices; the first that can be read is shown.",
    "embedded-unreadable": "The XML inside the PDF cannot be read: {0}",
    "embedded-too-much": "More is embedded in the PDF than is read; {0} files of it are.",
    "embedded-too-many": "More XML files are embedded in the PDF than the {0} that are read.",
    "account-missing": "No account is named.",
    "balance-differs": "The movements make a closing balance of {0}, but {1} is given.",
    "turnover-differs": "The movements make a turnover of {0}, but {1} is given.",
    "records-unknown": "A line was not understood: “{0}”.",
    "movement-unreadable": "A movement was not understood: “{0}”.",
    "statement-cut": "The statement has no end.",
}
"""The English sentence of every warning, with places for its arguments; other languages translate these."""


class ReadWarning(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One oddity: `place` is where it stands in the file, `code` a key of SENTENCES, `args` fill its
    sentence.
    """

    place: str
    code: str
    args: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The warning in English."""
        return SENTENCES[self.code].format(*self.args)
