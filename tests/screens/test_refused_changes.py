"""A change that the server refused is seen, understood, tried again or cleared."""

import pytest

from banqup_tui.protocol.commands import SetProcessed, encode
from banqup_tui.store.outbox_entry import CommandState, OutboxQueue
from banqup_tui.store.overlay import VisibleEffect
from tests.screens.program import MIDDLE, NARROW, Opened, Program

PROBLEM = b'{"type": "refused", "title": "No.", "detail": "It is locked.", "remedy": "Unlock it first."}'


def refuse(here: Program, document_id: str, label: str, *, state: CommandState = CommandState.REFUSED) -> str:
    """As if the server had refused it a moment ago."""
    body = bytes(encode(SetProcessed(document_ids=(document_id,), processed=True)))
    outbox = here.session.outbox
    key = outbox.give(
        SetProcessed.KIND, body, here.session.copy.state().seen,
        documents=(document_id,), effect=VisibleEffect.PROCESSED, label=label,
    )  # fmt: skip
    outbox.claim(OutboxQueue.COMMANDS)
    outbox.answered(key, state, problem=PROBLEM if state is CommandState.REFUSED else None)
    here.session.engine.wake()
    return key


async def with_two(here: Program) -> None:
    await here.sees("Up to date")
    here.server.down = True
    here.session.engine.wake()
    await here.until(lambda: "Server not answering" in here.header, "the server is down")
    refuse(here, "p-ready", "F26/004417 is processed")
    refuse(here, "p-dollar", "INV-88213 is processed", state=CommandState.EXPIRED)
    here.server.down = False
    here.session.engine.wake()
    await here.until(lambda: "2 changes refused" in here.header or "2 refused" in here.header, "told in the header")


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_refused_changes_are_seen_with_what_they_were_and_why(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as here:
        await with_two(here)
        await here.press("c")
        await here.sees("Refused changes", "2 changes", "F26/004417 is processed", "INV-88213 is processed")
        await here.sees("It may have been done", "Look whether it was done", "Boulangerie du Parvis SRL", "INV-88213")
        await here.press("down")
        await here.sees("It is locked.", "Unlock it first.", "Asked", "Answered")


async def test_one_is_tried_again_as_a_new_command_and_is_done(opened: Opened) -> None:
    async with opened() as here:
        await with_two(here)
        await here.press("c", "down", "r")
        await here.sees("Asked for again: F26/004417 is processed", "1 change")
        await here.until(lambda: here.server.documents["p-ready"].processed, "the server has done it")
        assert not here.server.documents["p-dollar"].processed
        await here.until(lambda: "1 change refused" in here.header, "one is left")


async def test_all_are_cleared_at_once_and_the_header_is_calm_again(opened: Opened) -> None:
    async with opened() as here:
        await with_two(here)
        await here.press("c", "A")
        await here.sees("2 selected")
        await here.press("x")
        await here.sees("2 changes cleared.", "No change was refused.")
        await here.until(lambda: "√ Up to date" in here.header, "calm")
        assert here.server.effects == []
        await here.press("escape", "c")
        await here.sees("No change was refused")


async def test_a_click_on_the_header_leads_there(opened: Opened) -> None:
    async with opened() as here:
        await with_two(here)
        await here.click("2 changes refused")
        await here.until(lambda: here.place == "RefusedChangesScreen", "the place")
