"""Send to integrations: what is said before, shown at once, and said after."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.widgets.panels.tick import PROCESSED, TickPanel
from tests.screens.firm import delivery
from tests.screens.program import MIDDLE, NARROW, Opened, Program, found_in


async def at_ready_document(here: Program) -> None:
    await here.press(*here.into_table, "j")
    await here.until(lambda: "r Send" in here.footer, "send in the footer")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_what_will_be_sent_is_said_before_and_what_was_queued_after(
    opened: Opened, size: tuple[int, int]
) -> None:
    async with opened(size) as here:
        await at_ready_document(here)
        await here.press("r")
        await here.sees("Send to integrations", "What it has", "[x] Exact Online", "Send to 2 integrations")
        await here.press("enter")
        await here.sees("2 deliveries queued for F26/004417. u takes it back")
        await here.until(lambda: here.server.deliveries.get("p-ready/i-sftp"))
        await here.sees("→ Queued", "0/2")


async def test_the_message_stays_while_the_row_changes_its_state(opened: Opened) -> None:
    async with opened() as here:
        await at_ready_document(here)
        await here.press("r")
        await here.sees("Send to 2 integrations")
        await here.press("enter")
        await here.sees("→ Queued", "0/2", "2 deliveries queued for F26/004417")
        await here.press("j")
        await here.until(lambda: "deliveries queued" not in here.info)


async def test_a_tick_taken_away_is_not_sent(opened: Opened) -> None:
    async with opened() as here:
        await at_ready_document(here)
        await here.press("r")
        await here.sees("Send to 2 integrations")
        await here.press("space")
        await here.sees("Send to 1 integration", "[ ] Exact Online")
        await here.press("enter")
        await here.until(lambda: here.server.deliveries.get("p-ready/i-sftp"))
        assert "p-ready/i-exact" not in here.server.deliveries


async def test_nothing_ticked_leaves_only_cancel(opened: Opened) -> None:
    async with opened() as here:
        await at_ready_document(here)
        await here.press("r")
        await here.sees("Send to 2 integrations")
        await here.press("space", "down", "space")
        await here.until(lambda: "Enter Cancel" in here.footer)
        await here.press("enter")
        await here.sees_no_more("What it has")
        assert here.server.effects == []


async def test_tab_reaches_the_buttons_and_cancel_sends_nothing(opened: Opened) -> None:
    async with opened() as here:
        await at_ready_document(here)
        await here.press("r")
        await here.sees("Send to 2 integrations")
        await here.press("tab", "tab")
        await here.press("enter")
        await here.sees_no_more("What it has")
        assert here.server.effects == []


async def test_a_click_on_the_button_sends(opened: Opened) -> None:
    async with opened() as here:
        await at_ready_document(here)
        await here.press("r")
        await here.sees("Send to 2 integrations")
        x, y = next((row.index(" Send to 2"), at) for at, row in enumerate(here.rows[:-1]) if " Send to 2" in row)
        await here.pilot.click(offset=(x + 3, y))
        await here.sees("2 deliveries queued")


async def test_what_an_integration_has_is_left_alone_unless_it_is_ticked_with_a_warning(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "r")
        await here.sees("Resend to integrations", "[ ] Exact Online", "[x] SFTP", "Nothing: failed")
        await here.press("up")
        await here.sees("it will be there twice")


async def test_with_the_server_down_a_send_is_shown_at_once_as_pending(opened: Opened) -> None:
    async with opened() as here:
        await here.sees("Up to date")
        here.server.down = True
        here.session.engine.wake()
        await here.until(lambda: "Server not answering" in here.header, "the server is down")
        await at_ready_document(here)
        await here.press("r")
        await here.sees("Send to 2 integrations")
        await here.press("enter")
        await here.sees("Waits on this computer", "→ Queued")
        await here.until(lambda: "1 kept" in here.header, "kept")
        here.server.down = False
        here.session.engine.wake()
        await here.until(lambda: here.server.deliveries.get("p-ready/i-sftp"), "sent")
        await here.until(lambda: "√ Up to date" in here.header, "in step")


async def test_u_takes_back_what_waits_on_this_computer(opened: Opened) -> None:
    async with opened() as here:
        await here.sees("Up to date")
        here.server.down = True
        here.session.engine.wake()
        await here.until(lambda: "Server not answering" in here.header, "the server is down")
        await at_ready_document(here)
        await here.press("m")
        await here.sees("is processed")
        await here.press("u")
        await here.sees("Taken back: F26/004417 is processed")
        await here.until(lambda: not here.session.outbox.waiting(), "nothing waits")
        row = next(row for row in here.rows if "F26/004417" in row and "31" in row)
        assert "● Ready" in row


async def test_u_takes_back_what_the_server_has_marked_already(opened: Opened) -> None:
    async with opened() as here:
        await here.sees("Up to date")
        await at_ready_document(here)
        await here.press("m")
        await here.sees("F26/004417 is processed. u takes it back")
        await here.until(lambda: not here.session.outbox.waiting(), "sent")
        await here.press("u")
        await here.sees("Taken back: F26/004417 is processed")
        await here.until(lambda: not here.server.documents["p-ready"].processed, "marked back")
        await here.press("u")
        await here.sees("Nothing to take back")


async def test_what_waits_here_is_said_whole_where_there_is_little_room(opened: Opened) -> None:
    async with opened(NARROW) as here:
        await here.sees("Up to date")
        here.server.down = True
        here.session.engine.wake()
        await here.until(lambda: "erver" in here.header, "the server is down")
        await at_ready_document(here)
        await here.press("m")
        await here.until(lambda: here.info == "F26/004417 is processed. Waits on this computer. u takes it back")


async def test_a_server_that_stays_away_is_told_of_once(opened: Opened) -> None:
    async with opened() as here:
        await here.sees("Up to date")
        here.server.down = True
        for _try in range(4):
            tries = here.session.engine.state.tries
            here.session.engine.wake()
            await here.until(lambda tries=tries: here.session.engine.state.tries > tries, "tried again")
        await here.sees("× The server does not answer.")
        assert here.focused == "ClientTable"
        await here.press("j")
        await here.sees_no_more("The server does not answer.")
        tries = here.session.engine.state.tries
        here.session.engine.wake()
        await here.until(lambda: here.session.engine.state.tries > tries, "tried again")
        assert "The server does not answer." not in here.text


async def test_once_it_was_attempted_the_menu_says_resend(opened: Opened) -> None:
    async with opened() as here:
        await at_ready_document(here)
        here.server.put_delivery(delivery("p-ready", "i-exact", DeliveryState.DELIVERED))
        here.server.put_delivery(delivery("p-ready", "i-sftp", DeliveryState.DELIVERED))
        here.session.engine.wake()
        await here.until(lambda: "r Resend" in here.footer, "resend in the footer")
        await here.press("full_stop")
        await here.sees("Resend to integrations…")


async def test_mark_as_processed_and_back(opened: Opened) -> None:
    async with opened() as here:
        await at_ready_document(here)
        await here.press("m")
        await here.sees("F26/004417 is processed. u takes it back")
        await here.until(lambda: "m Not processed" in here.footer)
        await here.press("m")
        await here.sees("F26/004417 is no longer processed.")


async def test_what_the_server_refuses_is_said_in_the_header(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as here:
        await here.sees("Up to date")
        original = here.session.outbox.give

        def give(*args: Any, **more: Any) -> str:
            key = original(*args, **more)
            here.server.refuses.add(key)
            return key

        monkeypatch.setattr(here.session.outbox, "give", give)
        await at_ready_document(here)
        await here.press("m")
        await here.until(lambda: "1 change refused" in here.header)


async def test_download_asks_where_to_and_says_where_it_is(opened: Opened, tmp_path: Path) -> None:
    async with opened() as here:
        await here.press("enter", "d")
        await here.sees("Download to")
        await here.press("ctrl+u")
        await here.paste(str(tmp_path))
        await here.press("enter")
        await here.sees("Saved as")
        assert [path.suffix for path in found_in(tmp_path, "*.xml")] == [".xml"]


async def test_a_download_that_cannot_be_had_says_why(opened: Opened, tmp_path: Path) -> None:
    async with opened() as here:
        await here.press("enter", "j", "j", "j", "d")
        await here.sees("Download to")
        await here.press("ctrl+u")
        await here.paste(str(tmp_path))
        await here.press("enter")
        await here.until(lambda: here.info.startswith("×"), "the error")


async def test_q_in_a_field_is_a_letter(opened: Opened) -> None:
    async with opened() as here:
        await here.press("enter", "d")
        await here.sees("Download to")
        await here.press("q", "2", "question_mark")
        assert here.place == "ClientFolders"
        assert here.app.is_running
        assert "q2?" in here.text


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_of_a_selection_what_is_processed_goes_only_where_it_is_ticked(
    opened: Opened, size: tuple[int, int]
) -> None:
    """One waits for the client, one is processed."""
    async with opened(size) as here:
        await here.press(*here.into_table, "j", *("space", "j") * 5)
        await here.until(lambda: "5 selected" in here.info, "five selected")
        await here.press("r")
        await here.sees("Send 3 documents to integrations", "Not sent: 1 document marked as processed.", "0 of 3")
        await here.sees("Send 6 deliveries", "[ ] Send also the one marked as processed")
        await here.press("down", "down", "down")
        await here.until(lambda: here.app.screen.query_one(TickPanel).cursor == PROCESSED, "on the option")
        await here.press("space")
        await here.sees("[x] Send also the one marked as processed", "Send 4 documents", "0 of 4", "Send 8 deliveries")
        assert "Not sent: 1 document marked as processed." not in here.text
        await here.press("space", "enter")
        await here.sees("6 deliveries queued for 3 documents")
        await here.until(lambda: here.server.deliveries.get("p-ready/i-sftp"))
        assert "p-done/i-sftp" not in here.server.deliveries


async def test_a_message_goes_when_what_it_says_has_come_to_its_end(opened: Opened) -> None:
    async with opened() as here:
        await here.sees("Up to date")
        await at_ready_document(here)
        await here.press("r")
        await here.sees("Send to 2 integrations")
        await here.press("enter")
        await here.until(lambda: here.server.deliveries.get("p-ready/i-sftp"))
        await here.sees("2 deliveries queued for F26/004417", "0/2")
        for name in ("i-exact", "i-sftp"):
            here.server.put_delivery(delivery("p-ready", name, DeliveryState.DELIVERED))
        here.session.engine.wake()
        await here.sees("2/2")
        await here.until(lambda: "deliveries queued" not in here.info, "the message has gone")


async def test_a_message_that_something_waits_says_when_it_is_done_that_it_can_be_taken_back(opened: Opened) -> None:
    async with opened() as here:
        await here.sees("Up to date")
        here.server.down = True
        here.session.engine.wake()
        await here.until(lambda: "Server not answering" in here.header, "the server is down")
        await at_ready_document(here)
        await here.press("m")
        await here.sees("Waits on this computer")
        here.server.down = False
        here.session.engine.wake()
        await here.until(lambda: "√ Up to date" in here.header, "in step")
        await here.until(lambda: here.info == "F26/004417 is processed. u takes it back", "no word of waiting")


async def test_a_message_that_something_cannot_be_done_goes_when_it_can(opened: Opened) -> None:
    async with opened() as here:
        await here.press(*here.into_table, "j", "j")
        await here.until(lambda: "Client action needed" in here.info, "the document that waits")
        await here.press("m")
        await here.sees("Waits for the client's approval")
        waits = here.server.documents["p-client"]
        here.server.put(
            msgspec.structs.replace(waits, approved=True, accounting_status=AccountingStatus.READY_TO_PROCESS)
        )
        here.session.engine.wake()
        await here.until(lambda: "approval" not in here.info, "the message has gone")
