"""The values of a document are entered as people write them."""

from datetime import date

import pytest

from banqup_tui.actions.correct_values import CorrectValuesAction, NotReadable, texts_of, values_in
from banqup_tui.actions.prompts import FormAnswer
from banqup_tui.domain.document import DocumentKind, DocumentValues
from banqup_tui.protocol.commands import CorrectDocument
from tests.actions.fakes import FakeActionSession, FakeAsk, a_context, a_document

ENTERED = {
    "number": " 17 ", "counterparty": "Notaire", "issue_date": "4/3/2025", "due_date": "2025-04-04",
    "gross_amount": "121", "net_amount": "100,00", "vat_amount": "21.00", "currency": "eur",
    "vat_number": "TVA 0998.765.448", "iban": "be43 0689 9999 9501", "payment_reference": "+++090/9337/55493+++",
}  # fmt: skip
VALUES = DocumentValues(
    number="17",
    counterparty="Notaire",
    issue_date=date(2025, 3, 4),
    due_date=date(2025, 4, 4),
    gross_amount=12100,
    net_amount=10000,
    vat_amount=2100,
    currency="EUR",
    vat_number="BE0998765448",
    iban="BE43068999999501",
    payment_reference="090933755493",
)


def test_dates_and_amounts_are_read_in_the_usual_spellings_and_shown_again() -> None:
    assert values_in(ENTERED) == VALUES
    assert values_in(texts_of(VALUES)) == VALUES
    assert values_in({}) == DocumentValues()


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("issue_date", "31/02/2025", "document.no-date"),
        ("issue_date", "03.2025", "document.no-date"),
        ("gross_amount", "1.215,13", "document.no-amount"),
        ("gross_amount", "1.005", "document.no-amount"),
        ("currency", "euros", "document.no-currency"),
        ("vat_number", "Zavel", "document.no-vat-number"),
        ("iban", "BE43068999999502", "document.no-iban"),
    ],
)
def test_what_is_none_is_said_and_never_guessed(name: str, text: str, code: str) -> None:
    with pytest.raises(NotReadable) as raised:
        values_in(ENTERED | {name: text})
    assert raised.value.message.code == code


async def test_only_a_document_without_data_can_be_corrected() -> None:
    action, session = CorrectValuesAction(), FakeActionSession()
    scan = a_document("scan", kind=DocumentKind.OTHER, line_count=None)
    context = a_context(FakeAsk(FormAnswer(values={"number": "99"})), session, documents=[scan])
    assert action.availability(context) is None
    await action.run(context)
    (body,) = session.acts
    assert isinstance(body, CorrectDocument)
    assert body.values.number == "99"
    reason = action.availability(a_context(documents=[a_document("invoice", line_count=1)]))
    assert reason is not None
    assert reason.code == "action.values-of-file"
