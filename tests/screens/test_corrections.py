"""A document is withdrawn, restored and moved from the screen, with what stays at the receiver said first."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from banqup_tui.domain.folder import Folder
from tests.screens.firm import HAULIER, FirmServer
from tests.screens.program import MIDDLE, NARROW, Program

Opened = Callable[..., AbstractAsyncContextManager[Program]]


async def to_the_ready_one(here: Program) -> None:
    await here.sees("Boulangerie du Parvis SRL")
    await here.press(*here.into_table, "j")
    await here.sees("F26/004417")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_a_withdrawn_document_is_gone_and_comes_back_by_undo(
    opened: Opened, firm: FirmServer, size: tuple[int, int]
) -> None:
    async with opened(size) as here:
        await to_the_ready_one(here)
        await here.press("delete")
        await here.sees("F26/004417 is withdrawn.")
        await here.until(lambda: firm.documents["p-ready"].is_withdrawn, "the server has it")
        await here.until(lambda: here.session.readers.rows(["p-ready"])[0].pending is False, "the copy has it")
        await here.until(lambda: "Levures et Ferments" not in here.text, "it is in the table no more")
        await here.press("u")
        await here.until(lambda: not firm.documents["p-ready"].is_withdrawn, "it is restored")
        await here.sees("Levures et Ferments")


async def test_what_is_withdrawn_is_found_by_the_filter_and_restored_by_the_same_key(
    opened: Opened, firm: FirmServer
) -> None:
    async with opened(MIDDLE) as here:
        await to_the_ready_one(here)
        await here.press("delete")
        await here.until(lambda: "Levures et Ferments" not in here.text, "it is in the table no more")
        await here.press("slash")
        await here.write("is:withdrawn")
        await here.press("enter")
        await here.sees("Levures et Ferments", "Withdrawn")
        await here.press("delete")
        await here.sees("F26/004417 is restored.")
        await here.until(lambda: not firm.documents["p-ready"].is_withdrawn, "it is restored")


async def test_what_was_delivered_is_said_before_it_is_withdrawn(opened: Opened, firm: FirmServer) -> None:
    async with opened(MIDDLE) as here:
        await here.sees("Boulangerie du Parvis SRL")
        await here.press(*here.into_table)
        await here.sees("2026-11874")
        await here.press("delete")
        await here.sees("Withdraw 2026-11874?", "What was delivered stays there: Exact Online.")
        await here.press("escape")
        await here.sees_no_more("Withdraw 2026-11874?")
        assert not firm.documents["p-failed"].is_withdrawn


async def test_a_document_of_the_wrong_client_is_moved(opened: Opened, firm: FirmServer) -> None:
    async with opened(MIDDLE) as here:
        await to_the_ready_one(here)
        await here.press("M")
        await here.sees("Whose is F26/004417?")
        await here.write("ardenne")
        await here.press("enter")
        await here.sees("Which folder?")
        await here.press("enter")
        await here.sees("F26/004417 is with Transports Ardenne-Express SA, Purchase invoices.")
        await here.until(lambda: firm.documents["p-ready"].client_id == HAULIER, "the server has it")
        assert firm.documents["p-ready"].folder is Folder.PURCHASE_INVOICES
        await here.until(lambda: "Levures et Ferments" not in here.text, "it is in the table no more")
