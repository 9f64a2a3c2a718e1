"""Which way the money of a document goes, in every list, sum and export."""

import msgspec
import pytest

from banqup_tui.domain.direction import directed
from banqup_tui.domain.document import DocumentKind
from tests.sync.fake_server import a_document


def amounts(kind: DocumentKind, *minor: int | None) -> tuple[int | None, ...]:
    net, vat, gross, payable = minor
    document = a_document("a", kind=kind, net_amount=net, vat_amount=vat, gross_amount=gross, payable_amount=payable)
    found = directed(document)
    assert directed(found) is found, "a second time changes nothing"
    rest = {"net_amount": None, "vat_amount": None, "gross_amount": None, "payable_amount": None}
    assert msgspec.structs.replace(found, **rest) == msgspec.structs.replace(document, **rest)
    return found.net_amount, found.vat_amount, found.gross_amount, found.payable_amount


@pytest.mark.parametrize("minor", [(100, 21, 121, 121), (-100, -21, -121, -121)])
def test_a_credit_note_takes_whatever_sign_its_sender_gave_it(minor: tuple[int, ...]) -> None:
    assert amounts(DocumentKind.CREDIT_NOTE, *minor) == (-100, -21, -121, -121)


@pytest.mark.parametrize("kind", [DocumentKind.INVOICE, DocumentKind.OTHER])
@pytest.mark.parametrize("minor", [(100, 21, 121, 121), (-100, -21, -121, -121), (None, None, 5, None)])
def test_anything_else_keeps_its_own_sign(kind: DocumentKind, minor: tuple[int | None, ...]) -> None:
    assert amounts(kind, *minor) == minor


@pytest.mark.parametrize(
    ("minor", "wanted"),
    [
        ((None, None, None, 121), (None, None, None, -121)),
        ((None, None, 0, 0), (None, None, 0, 0)),
        ((100, -21, 79, 79), (-100, 21, -79, -79)),
    ],
)
def test_a_credit_note_that_says_little_or_mixes_signs_goes_by_its_total(
    minor: tuple[int | None, ...], wanted: tuple[int | None, ...]
) -> None:
    assert amounts(DocumentKind.CREDIT_NOTE, *minor) == wanted
