"""What nobody could place is seen with its reason, and placed from the screen."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message, message, text_message
from banqup_tui.domain.source import Unfiled
from banqup_tui.protocol.commands import DismissUnfiled, PlaceFile, decode
from tests.screens.firm import BAKERY, HAULIER, HOSTILE_NAME, NOON, FirmServer
from tests.screens.program import MIDDLE, NARROW, Program

Opened = Callable[..., AbstractAsyncContextManager[Program]]
SCAN = Unfiled(
    id="w-scan",
    source="sftp billit",
    file_name="magasin 1/scan.pdf",
    reason=Message("placing.nobody-named"),
    sha256="0" * 64,
    at=NOON,
    client_id=BAKERY,
    folder=Folder.PURCHASE_RECEIPTS,
)
BILL = Unfiled(
    id="w-bill",
    source="/srv/in",
    file_name="a.xml",
    reason=message("placing.no-client", seller="A (0912.345.673)", buyer="B"),
    sha256="1" * 64,
    at=NOON.replace(hour=5),
    folder=Folder.PURCHASE_INVOICES,
    buyer_key="be:0912345673",
    seller_key="be:0998765448",
)


@pytest.fixture
def firm(firm: FirmServer) -> FirmServer:
    for one in (SCAN, BILL):
        firm.put_unfiled(one)
    return firm


def values(here: Program, kind: type) -> list[Any]:
    return [
        decode(entry.kind, entry.body)
        for entry in here.session.outbox.waiting()
        if isinstance(decode(entry.kind, entry.body), kind)
    ]


async def test_a_scan_is_placed_where_it_seems_to_belong(opened: Opened, firm: FirmServer) -> None:
    async with opened(MIDDLE) as here:
        await here.sees("2 to place", "w To place (2)")
        await here.press("w")
        await here.sees("scan.pdf", "does not say whose it is", "Seems to be", "sftp billit", "Enter Place")
        await here.press("enter")
        await here.sees("Whose is scan.pdf?")
        await here.press("enter")
        await here.sees("Which folder?")
        await here.press("enter")
        await here.sees("And the next ones?", "magasin 1/")
        await here.press("enter")
        await here.sees("scan.pdf is with Boulangerie du Parvis SRL, Purchase receipts.", "1 file")
        await here.until(lambda: "w-scan" not in firm.waiting, "the server has it")
        placed = firm.documents["placed-w-scan"]
        assert (placed.client_id, placed.folder) == (BAKERY, Folder.PURCHASE_RECEIPTS)
        await here.press("escape")
        await here.sees("1 to place")


async def test_another_client_is_found_by_typing_and_the_choice_can_become_a_rule(
    opened: Opened, firm: FirmServer
) -> None:
    firm.down = True
    async with opened(MIDDLE) as here:
        await here.until(lambda: here.session.readers.unfiled_count() in (0, 2), "the copy")
        firm.down = False
        await here.sees("2 to place")
        firm.down = True
        await here.press("w")
        await here.sees("a.xml")
        await here.press("down", "enter")
        await here.sees("Whose is a.xml?")
        await here.write("ardenne")
        await here.press("enter")
        await here.sees("Which folder?")
        await here.press("enter")
        await here.sees("Always: 0912.345.673 is Transports Ardenne-Express SA")
        await here.press("down", "enter")
        await here.sees("a.xml is with Transports Ardenne-Express SA, Purchase invoices.")
        await here.sees("1 file")
        assert values(here, PlaceFile) == [
            PlaceFile(unfiled_id="w-bill", client_id=HAULIER, folder=Folder.PURCHASE_INVOICES, remember=True)
        ]


async def test_going_away_in_the_middle_places_nothing(opened: Opened, firm: FirmServer) -> None:
    async with opened(NARROW) as here:
        await here.sees("2 to place")
        await here.press("w", "enter")
        await here.sees("Whose is scan.pdf?")
        await here.press("enter")
        await here.sees("Which folder?")
        await here.press("escape")
        await here.sees_no_more("Which folder?")
        assert values(here, PlaceFile) == []
        assert set(firm.waiting) == {"w-scan", "w-bill"}


async def test_what_is_dismissed_is_asked_first_and_then_gone(opened: Opened, firm: FirmServer) -> None:
    async with opened(MIDDLE) as here:
        await here.sees("2 to place")
        await here.press("w", "x")
        await here.sees("It becomes no document")
        await here.press("enter")
        await here.until(lambda: "w-scan" not in firm.waiting, "the server has it")
        await here.sees("1 file")
        await here.until(lambda: values(here, DismissUnfiled) == [], "answered")


async def test_a_strangers_name_is_only_text(opened: Opened, firm: FirmServer) -> None:
    firm.put_unfiled(
        Unfiled(
            id="w-evil",
            source=HOSTILE_NAME,
            file_name=f"{HOSTILE_NAME}/x.pdf",
            reason=text_message(HOSTILE_NAME),
            at=NOON,
        )
    )
    async with opened(NARROW) as here:
        await here.sees("3 to place")
        await here.press("w")
        await here.sees("x.pdf")
        await here.press("enter")
        await here.sees("Whose is x.pdf?")


async def test_nothing_to_place_is_said_and_not_shown_in_the_footer(opened: Opened, firm: FirmServer) -> None:
    for id_ in list(firm.waiting):
        firm.take_unfiled(id_)
    async with opened(MIDDLE) as here:
        await here.sees("Boulangerie")
        assert "To place" not in here.footer
        await here.press("w")
        await here.sees("Nothing waits to be placed")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_several_are_placed_or_dismissed_together(
    opened: Opened, firm: FirmServer, size: tuple[int, int]
) -> None:
    async with opened(size) as here:
        await here.sees("Up to date", "2 to place")
        await here.press("w", "A")
        await here.sees("2 selected", "■")
        await here.press("enter")
        await here.sees("Whose are 2 files?")
        await here.press("enter")
        await here.sees("Which folder?")
        await here.press("enter")
        await here.sees("2 files are with")
        await here.until(lambda: not firm.waiting, "the server has both")


async def test_a_selection_is_dismissed_with_its_number_and_escape_gives_it_up_first(
    opened: Opened, firm: FirmServer
) -> None:
    async with opened(MIDDLE) as here:
        await here.sees("Up to date")
        await here.press("w", "space")
        await here.sees("1 selected")
        await here.press("escape")
        await here.until(lambda: "1 selected" not in here.info, "nothing is selected")
        assert here.place == "UnfiledScreen"
        await here.press("A", "x")
        await here.sees("Dismiss 2 files")
        await here.press("enter")
        await here.until(lambda: not firm.waiting, "both are gone")
        assert not [one for one in firm.documents if one.startswith("placed-")]
