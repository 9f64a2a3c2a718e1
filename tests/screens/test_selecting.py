"""One document, a range, all of them: and what they come to."""

import msgspec
import pytest

from tests.screens.program import NARROW, Opened


async def test_space_selects_documents_and_their_totals_stand_in_the_info_line(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "space")
        await here.sees("1 selected")
        await here.press("j", "space")
        await here.sees("2 selected", "1,527.31", "EUR")
        assert "Net" in here.info
        assert "VAT" in here.info
        await here.press("escape")
        await here.sees_no_more("selected")
        assert here.place == "ClientFolders"


async def test_several_currencies_are_never_added(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "j", "j", "j", "space", "k", "space")
        await here.sees("2 selected", "1,240.00 USD", "3,484.80 EUR")


async def test_v_selects_a_range_and_a_all_that_match(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "V", "j", "j")
        await here.sees("3 selected")
        await here.press("V", "j", "escape", "A")
        await here.sees("66 selected")
        await here.press("A")
        await here.sees_no_more("selected")


async def test_a_click_in_the_gutter_selects(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter")
        await here.sees("2026-11874")
        x, y = here.find("24/11/26")
        await here.pilot.click(offset=(x - 2, y))
        await here.sees("1 selected")


async def test_the_menu_of_a_selection_says_how_many_it_is_for(opened: Opened) -> None:
    async with opened(NARROW) as here:
        await here.press(*here.into_table, "space", "j", "space", "full_stop")
        await here.sees("Resend to integrations…", "One document at a time")
        assert "2 selected" in here.text


async def test_a_selection_is_sent_together(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "space", "j", "space", "r")
        await here.sees("Resend 2 documents to integrations", "Send 3 deliveries")
        await here.press("enter")
        await here.sees("3 deliveries queued")
        await here.until(lambda: here.server.deliveries.get("p-ready/i-sftp"))
        assert here.server.deliveries["p-failed/i-exact"].state == "DELIVERED"


async def test_more_than_an_action_takes_is_said_before_anything_is_sent(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banqup_tui.screens.folders.screen.MOST_IN_SELECTION", 10)
    async with opened() as here:
        await here.press("enter", "A")
        await here.sees("66 selected", "Actions take the first 10 of them.")
        assert "Net " not in here.info
        await here.press("r")
        await here.sees("Resend 8 documents to integrations", "1 document marked as processed")


async def test_news_leaves_a_selection_under_a_filter_as_it_is(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "slash")
        await here.write("status:ready")
        await here.press("enter")
        await here.sees("status:ready")
        await here.press("space", "j", "space")
        await here.sees("2 selected")
        changed = here.server.documents["p-ready"]
        here.server.put(msgspec.structs.replace(changed, number="F26/009999"))
        here.session.engine.wake()
        await here.sees("F26/009999")
        assert "2 selected" in here.text
