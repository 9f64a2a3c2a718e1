"""No label of a list runs into the next one, at any width from 60 to 200 cells, in every language."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import product

import pytest

from banqup_tui.domain.causes import cause_of
from banqup_tui.domain.changes import RefusedChange
from banqup_tui.domain.delivery import Attempt, Delivery, DeliveryState
from banqup_tui.domain.failures import FailureGroup, Part
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.invoice import Invoice, InvoiceLine
from banqup_tui.domain.invoice_types import InvoiceKind
from banqup_tui.domain.messages import text_message
from banqup_tui.domain.source import Unfiled
from banqup_tui.presentation.signs import STATUSES
from banqup_tui.presentation.words import _, languages, use_language
from banqup_tui.widgets.client_table import WIDE_FROM, ClientSort, ClientTable
from banqup_tui.widgets.count_columns import COUNTED
from banqup_tui.widgets.document_table.columns import EXTRAS, table_columns
from banqup_tui.widgets.document_table.labels import LabelColumn, Labels, draw_labels
from banqup_tui.widgets.layouts.changes import change_items
from banqup_tui.widgets.layouts.deliveries import delivery_details, delivery_items
from banqup_tui.widgets.layouts.failures import group_details, group_items
from banqup_tui.widgets.layouts.integrations import integration_items
from banqup_tui.widgets.layouts.invoice import invoice_lines
from banqup_tui.widgets.layouts.store import extension_items
from banqup_tui.widgets.layouts.unfiled import unfiled_items
from banqup_tui.widgets.list_view import Item, spread_labels
from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_lines import Line, left, right
from banqup_tui.widgets.theme import look_named

WIDTHS = range(60, 201)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LOOK = look_named("banqup-dark")
MARGINS = 4
LONG = "A sentence that is longer than any column of a list on a terminal of sixty columns, and says why"
CHANGE = RefusedChange(key="k", what=LONG, kind="SEND", at=NOW, reason=text_message(LONG))
WAITING = Unfiled(id="t", source="s", file_name=f"{LONG}.xml", reason=text_message(LONG), at=NOW)
DETAILS = 53
"""Of *To place*: what is told of the file beside the list, with the rule between."""


def listings(width: int) -> Iterator[tuple[str, Line | None]]:
    """The labels of each list that a `Listing` shows, on a terminal so wide."""
    for name, (labels, _items) in lists(width):
        yield name, labels


def lists(width: int) -> Iterator[tuple[str, tuple[Line | None, Sequence[Item]]]]:
    """Labels and rows of each."""
    harness = width - MARGINS
    delivery = Delivery(id="v", integration_id="i", document_id="d", sha256="0", state=DeliveryState.FAILED)
    for name, build in {
        "refused changes": change_items([CHANGE], NOW.astimezone().date()),
        "to place": unfiled_items([WAITING], NOW.astimezone().date()),
        "failures": group_items([], {}),
        "store": extension_items([], {}, {}),
        "integrations": integration_items([], {}, NOW),
        "deliveries": delivery_items([delivery], {"i": "A name of an integration that is rather long"}, NOW),
    }.items():
        yield name, build(harness)
    if width >= 110:
        yield "to place beside its details", unfiled_items([WAITING], NOW.astimezone().date())(harness - DETAILS)


@pytest.fixture(params=languages())
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    use_language(request.param)
    yield request.param
    use_language("en")


def test_labels_of_lists_stand_apart(language: str) -> None:
    for width in WIDTHS:
        for name, labels in listings(width):
            if labels is None:
                continue
            end = -1
            for start, text in placed(spread_labels(labels, width - MARGINS)):
                assert start > end, f"{name} at {width}: {text} runs into what stands before it"
                assert text.strip("…~"), f"{name} at {width}: a label has no room at all"
                end = start + width_of(text)
            assert end <= width - MARGINS, f"{name} at {width} is too wide"


@pytest.mark.parametrize("name", ["refused changes", "to place", "to place beside its details"])
def test_what_stands_in_a_row_ends_before_what_stands_beside_it(language: str, name: str) -> None:
    """A time of today is the longest there is: `aujourd'hui 09:14`."""
    for width in WIDTHS:
        for of_list, (_labels, items) in lists(width):
            for item in items if of_list == name else ():
                end = -1
                for start, text in placed(item.line):
                    assert start > end, f"{name} at {width}: {text} runs into what stands before it"
                    end = start + width_of(text)


def headers_in_pages(width: int) -> Iterator[tuple[str, Line]]:
    """Labels over the rows of a page, which stand where they are put."""
    attempt = Attempt(started_at=NOW)
    delivery = Delivery(
        id="v", integration_id="i", document_id="d", sha256="0", state=DeliveryState.FAILED, log=(attempt,)
    )
    yield "attempts", next(line for line in delivery_details(delivery, "SFTP", NOW, width) if _has(line, _("Attempt")))
    part = Part(integration_id="i", client_id="c", label="SFTP", state=IntegrationState.ACTIVE, count=1)
    group = FailureGroup(
        key="k",
        extension_id="sftp",
        state=DeliveryState.FAILED,
        cause=cause_of(text_message("It is full.")),
        parts=(part,),
    )
    yield "parts", next(line for line in group_details(group, None, {}, {}, width) if _has(line, _("Integration")))
    bill = Invoice(kind=InvoiceKind.INVOICE, currency="EUR", lines=(InvoiceLine(id="1", description="Brood", net=1),))
    yield "lines of an invoice", next(line for line in invoice_lines(bill, width) if _has(line, _("Description")))


def _has(line: Line, label: str) -> bool:
    return any(put.text == label for put in line)


def test_labels_within_a_page_stand_apart(language: str) -> None:
    for width in (56, 76, 100):
        for name, line in headers_in_pages(width):
            end = -1
            for start, text in placed(line):
                assert start > end, f"{name} at {width}: {text} runs into what stands before it: {line}"
                end = start + width_of(text)


def placed(line: Line) -> list[tuple[int, str]]:
    found = [(put.column - width_of(put.text) if put.right else put.column, put.text) for put in line]
    return sorted(found)


def test_a_label_that_has_no_room_is_cut_before_the_next_one() -> None:
    labels = (left(0, "Supplier or customer"), right(19, "Attempts"), left(20, "Last attempt"))
    assert placed(spread_labels(labels, 24)) == [(0, "Supplier…"), (11, "Attempts"), (20, "Las…")]


@pytest.mark.parametrize("sort", ["date", "number", "counterparty", "gross", "status"])
def test_labels_of_documents_stand_over_their_columns(language: str, sort: LabelColumn) -> None:
    for width in WIDTHS:
        for names, wanted, party in product(((), ("Exact Online", "SFTP")), ((), EXTRAS), ("Supplier", "Customer")):
            columns = table_columns(width, names, frozenset(wanted), language)
            labels = Labels({"counterparty": _(party)}, sort, True)
            text = "".join(segment.text for segment in draw_labels(labels, columns, LOOK, focused=True)).rstrip()
            assert width_of(text) <= width
            starts: dict[LabelColumn, int] = {
                "date": columns.date,
                "number": columns.number,
                "counterparty": columns.field,
            }
            starts["gross"] = columns.field_end - width_of(labels.name_of("gross"))
            if not columns.is_narrow:
                starts["status"] = columns.status
            for column, start in starts.items():
                word = labels.name_of(column)
                assert text[start:].startswith(word), f"{width} {wanted}: {word} is not over its column\n{text}"
                assert text[start - 1] == " ", f"{width} {wanted}: {word} touches what is before\n{text}"


@pytest.mark.parametrize("sort", ["name", "error", "newest"])
def test_labels_of_clients_stand_over_their_columns(language: str, sort: ClientSort) -> None:
    table = ClientTable()
    table.set_sort(sort, descending=True)
    for width in WIDTHS:
        text = "".join(segment.text for segment in table.draw_label(width, LOOK)).rstrip()
        assert width_of(text) <= width
        words = [_("Client"), _("Newest")]
        if width >= WIDE_FROM:
            words += [_("VAT number"), _("Integrations"), *(STATUSES[one].word for one in COUNTED)]
        for word in words:
            at = text.find(word)
            assert at >= 0, f"{width}: {word} is missing\n{text}"
            assert text[at - 1] == " ", f"{width}: {word} touches what is before\n{text}"
