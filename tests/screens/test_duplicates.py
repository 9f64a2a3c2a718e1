"""A document that came before in other bytes is seen as held, compared, and decided from the screen."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import date

import msgspec
import pytest

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.document import Duplicate
from banqup_tui.domain.status import AccountingStatus
from tests.screens.firm import FirmServer, delivery
from tests.screens.program import MIDDLE, NARROW, Program

Opened = Callable[..., AbstractAsyncContextManager[Program]]


@pytest.fixture
def firm(firm: FirmServer) -> FirmServer:
    """`p-ready` was delivered, and comes again with another due date."""
    firm.put_delivery(delivery("p-ready", "i-exact", DeliveryState.DELIVERED, receipt="document 1"))
    again = {"id": "p-again", "sha256": "8" * 64, "due_date": date(2027, 1, 31), "file_name": "again.xml"}
    undecided = {"same_as": "p-ready", "duplicate": Duplicate.UNDECIDED, "accounting_status": AccountingStatus.ERROR}
    firm.put(msgspec.structs.replace(firm.documents["p-ready"], **again, **undecided))
    return firm


async def test_a_duplicate_is_listed_for_all_clients_with_what_it_is_the_same_as(
    opened: Opened, firm: FirmServer
) -> None:
    async with opened(MIDDLE) as here:
        await here.sees("1 held", "= Duplicates (1)")
        await here.press("equals_sign")
        await here.sees("Client documents › Duplicates", "1 document", "≈ Held", "F26/004417")
        await here.sees("Boulangerie du Parvis SRL  ≈ Held: the same as F26/004417 of 23/11/2026")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_both_documents_stand_side_by_side_and_the_choice_is_made_once(
    opened: Opened, firm: FirmServer, size: tuple[int, int]
) -> None:
    async with opened(size) as here:
        await here.sees("1 held")
        await here.press("equals_sign")
        await here.sees("F26/004417")
        await here.press("equals_sign")
        await here.sees("F26/004417 is held: the same as F26/004417 of 23/11/2026", "This one", "The earlier one")
        await here.sees("Due date", "31/01/2027", "again.xml", "The same: kind, number, date")
        await here.sees("The earlier one was delivered to Exact Online")
        await here.press("2")
        await here.sees("is the newer version of")
        await here.until(
            lambda: firm.documents["p-again"].duplicate is Duplicate.NEWER_VERSION, "the server has the decision"
        )
        await here.sees("Nothing is held as a duplicate.")


async def test_a_decision_is_taken_back_by_undo(opened: Opened, firm: FirmServer) -> None:
    async with opened(MIDDLE) as here:
        await here.sees("1 held")
        await here.press("equals_sign")
        await here.sees("≈ Held")
        await here.press("equals_sign")
        await here.sees("One document")
        await here.press("1")
        await here.until(lambda: firm.documents["p-again"].is_withdrawn, "it is withdrawn")
        await here.sees("Nothing is held as a duplicate.")
        await here.press("u")
        await here.until(lambda: firm.documents["p-again"].is_undecided, "it is held again")
        await here.sees("≈ Held")


async def test_to_send_a_duplicate_asks_first_and_counts_as_another_document(opened: Opened, firm: FirmServer) -> None:
    async with opened(MIDDLE) as here:
        await here.sees("1 held")
        await here.press("equals_sign")
        await here.sees("≈ Held")
        await here.press("r")
        await here.sees("F26/004417 is held", "The earlier one was delivered to Exact Online")
        await here.press("tab", "enter")
        await here.sees("What will be sent")
        await here.press("enter")
        await here.until(
            lambda: firm.documents["p-again"].duplicate is Duplicate.TWO_DOCUMENTS, "it counts as another document"
        )
        await here.until(lambda: "p-again/i-exact" in firm.deliveries, "it is queued")


async def test_the_earlier_document_is_opened_from_the_question(opened: Opened, firm: FirmServer) -> None:
    async with opened(MIDDLE) as here:
        await here.sees("1 held")
        await here.press("equals_sign")
        await here.sees("≈ Held")
        await here.press("equals_sign")
        await here.sees("Open the earlier one")
        await here.press("e")
        await here.sees("Deliveries", "Raw")
        assert here.screen.document_id == "p-ready"


async def test_a_filter_finds_what_is_held(opened: Opened, firm: FirmServer) -> None:
    async with opened(MIDDLE) as here:
        await here.sees("1 held")
        await here.press(*here.into_table)
        await here.sees("F26/004417")
        await here.press("slash")
        await here.write("is:held")
        await here.press("enter")
        await here.sees("1 of")
        assert here.screen.table.row.id == "p-again"
