"""Messages about faults in the line of a filter, shown below the line at the place of the fault."""

from banqup_tui.presentation.messages.texts import Texts
from banqup_tui.presentation.words import N_

TEXTS = {
    "filter.value-missing": Texts(N_("a value is missing")),
    "filter.unknown-field": Texts(N_("unknown field")),
    "filter.unknown-field-near": Texts(N_("unknown field; did you mean {near} ?")),
    "filter.unknown-is": Texts(N_("unknown word; held, replaced, withdrawn, peppol and to-ask-for are known")),
    "filter.unknown-is-near": Texts(N_("unknown word; did you mean {near}?")),
    "filter.unknown-status": Texts(N_("unknown status")),
    "filter.unknown-status-near": Texts(N_("unknown status; did you mean {near}?")),
    "filter.not-an-amount": Texts(N_("not an amount")),
    "filter.not-a-date": Texts(N_("not a date; did you mean {near}?")),
}
