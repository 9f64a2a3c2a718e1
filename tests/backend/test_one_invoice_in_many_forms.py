"""One invoice that comes in six forms is sent once; the rest is held or kept with it, in whatever order it comes."""

import itertools
from datetime import date
from pathlib import Path

import pytest

from banqup_tui.backend.intake import unfiled_commands
from tests.backend.test_twins import picture
from tests.formats.container_files import envelope
from tests.formats.format_documents import pdf
from tests.support.one_client import OneClient
from tests.support.papers import invoice

UBL = invoice()
FORMS = {
    "plain.xml": UBL,
    "enveloped.xml": envelope(UBL.partition(b"?>")[2].decode()),
    "indented.xml": UBL.replace(b"><", b">\n  <"),
    "hybrid.pdf": pdf(("invoice.xml", UBL)),
    "picture.pdf": picture(),
    "later.xml": invoice(due=date(2027, 1, 31)),
}
ORDERS = [list(FORMS), list(reversed(FORMS)), ["picture.pdf", *(name for name in FORMS if name != "picture.pdf")]]


@pytest.mark.parametrize("order", ORDERS)
def test_one_invoice_in_six_forms_is_sent_once(tmp_path: Path, order: list[str]) -> None:
    setup = OneClient(tmp_path)
    for name in order:
        setup.come(FORMS[name], name)
    # A plain PDF that nothing says the client of has waited; the service looks again when something has changed.
    unfiled_commands.retry(setup.services, lambda: False)
    assert len(setup.queued()) == 1
    live = [one for one in setup.documents() if one.withdrawn_at is None]
    (sent,) = [one for one in live if one.duplicate is None]
    assert sent.id in setup.queued()
    undecided = [one for one in live if one.duplicate is not None]
    assert len(undecided) == 4
    assert all(one.same_as for one in undecided)
    assert {setup.services.files.path(one.picture.sha256).read_bytes() for one in live if one.picture} == {picture()}
    assert setup.unfiled_rows() == []


def test_the_forms_are_different_bytes() -> None:
    assert all(one != other for one, other in itertools.combinations(FORMS.values(), 2))
