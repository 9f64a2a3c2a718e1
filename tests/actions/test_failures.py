"""What failed for one cause is tried again, let be, or written to a file, all at once."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.actions.context import Context
from banqup_tui.actions.csv_export import as_text
from banqup_tui.actions.failures import (
    DismissFailuresAction,
    ExportFailuresAction,
    GoToFailuresAction,
    OpenFailuresAction,
    RetryFailuresAction,
)
from banqup_tui.actions.places import Destination, Place
from banqup_tui.actions.registry import footer_of
from banqup_tui.domain.causes import cause_of
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.failures import Failing, grouped
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import text_message
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.protocol.commands import Dismiss, Resend, ResumeIntegration, Send
from tests.actions.fakes import FakeActionSession, FakeAsk, a_context, a_document, an_integration

SFTP = an_integration("SFTP")


def failing(number: int, state: DeliveryState = DeliveryState.FAILED) -> list[Failing]:
    return [
        Failing(
            delivery_id=f"v{at}", document_id=f"d{at}", integration_id="sftp", client_id="parvis", generation=1,
            state=state, reason=text_message("The disk is full.", "Make room."),
        )
        for at in range(number)
    ]  # fmt: skip


def context(found: list[Failing], ask: FakeAsk, session: FakeActionSession, integration: Any = SFTP) -> Context:
    counts = {("sftp", str(found[0].state), cause_of(found[0].reason)): len(found)}
    (group,) = grouped(counts, {"sftp": integration})
    return a_context(
        ask, session, place=Place.FAILURES, any_failed=True, failures=group, failing=lambda: found,
        integrations=[integration],
    )  # fmt: skip


async def test_all_of_a_cause_are_sent_again_in_batches_after_their_number_was_confirmed() -> None:
    ask, session = FakeAsk(answer=True), FakeActionSession()
    await RetryFailuresAction().run(context(failing(1_200), ask, session))
    (question,) = ask.questions
    assert (question.title, question.button) == ("1,200 deliveries of 1 client", "Send 1,200 deliveries")
    assert [len(one.document_ids) for one in session.acts] == [500, 500, 200]
    assert all(isinstance(one, Send) and one.integration_ids == ("sftp",) for one in session.acts)
    assert ask.messages[0].plain_text == "1,200 deliveries queued again."


async def test_nothing_happens_without_the_confirmation() -> None:
    for action in (RetryFailuresAction(), DismissFailuresAction(), ExportFailuresAction()):
        ask, session = FakeAsk(), FakeActionSession()
        await action.run(context(failing(3), ask, session))
        assert (session.acts, ask.messages) == ([], [])


async def test_an_integration_that_had_stopped_goes_on_first() -> None:
    ask, session = FakeAsk(answer=True), FakeActionSession()
    broken = an_integration("SFTP", state=IntegrationState.BROKEN)
    await RetryFailuresAction().run(context(failing(2), ask, session, broken))
    assert session.acts == [
        ResumeIntegration(integration_id="sftp"),
        Send(document_ids=("d0", "d1"), integration_ids=("sftp",)),
    ]
    assert "1 integration goes on." in ask.questions[0].lines


async def test_what_may_have_arrived_is_sent_again_only_after_a_warning() -> None:
    ask, session = FakeAsk(answer=True), FakeActionSession()
    here = context(failing(2, DeliveryState.UNKNOWN), ask, session)
    assert RetryFailuresAction().note(here) == "They may have arrived: each may then be there twice"
    await RetryFailuresAction().run(here)
    assert ask.questions[0].dangerous
    assert [type(one) for one in session.acts] == [Resend]


async def test_with_the_integration_paused_nothing_is_asked_and_the_reason_is_said() -> None:
    ask, session = FakeAsk(answer=True), FakeActionSession()
    paused = an_integration("SFTP", state=IntegrationState.PAUSED)
    await RetryFailuresAction().run(context(failing(2), ask, session, paused))
    assert ask.questions == []
    assert ask.messages[0].text == "Their integrations are paused or removed: resume them first."


async def test_all_of_a_cause_are_dismissed_in_batches() -> None:
    ask, session = FakeAsk(answer=True), FakeActionSession()
    await DismissFailuresAction().run(context(failing(700), ask, session))
    assert [len(one.delivery_ids) for one in session.acts] == [500, 200]
    assert isinstance(session.acts[0], Dismiss)
    assert ask.questions[0].button == "Dismiss 700 deliveries"


def written(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.csv"))


async def test_failures_are_written_to_a_file_that_is_not_written_over(tmp_path: Path) -> None:
    ask, session = FakeAsk(answer=tmp_path), FakeActionSession()
    session.known = [a_document("d0", number="=HYPERLINK(1)", file_name="+1.xml")]
    for _ in range(2):
        await ExportFailuresAction().run(context(failing(2), ask, session))
    first, second = written(tmp_path)
    assert first.read_bytes() == second.read_bytes()
    rows = list(csv.reader(io.StringIO(first.read_bytes().decode("utf-8-sig"))))
    assert rows[0][:4] == ["Reference", "Client", "Number", "Date"]
    assert rows[1][:3] == ["PARVIS", "Boulangerie du Parvis SRL", "'=HYPERLINK(1)"]
    assert rows[1][4:10] == ["'+1.xml", "SFTP", "FAILED", "0", "The disk is full.", "Make room."]
    assert rows[2][2:5] == ["", "", ""]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "\x07=1", " =1", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert as_text(text).startswith("'")


async def test_the_way_there_is_in_the_footer_as_long_as_something_failed() -> None:
    nothing = a_context(place=Place.CLIENT_DOCUMENTS)
    assert sentence_of(GoToFailuresAction().availability(nothing)) == "Nothing failed"
    ask = FakeAsk()
    here = a_context(ask, place=Place.CLIENT_DOCUMENTS, any_failed=True)
    assert ("f", "Failures") in footer_of(here)
    await GoToFailuresAction().run(here)
    assert ask.went == [Destination(place=Place.FAILURES)]


async def test_a_cause_opens_its_documents() -> None:
    ask = FakeAsk()
    here = context(failing(1), ask, FakeActionSession())
    await OpenFailuresAction().run(here)
    assert here.failures is not None
    assert ask.went == [Destination(place=Place.FAILED, failures=here.failures.key)]
