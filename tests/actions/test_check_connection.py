"""What is said when the server does not answer."""

from datetime import timedelta

from banqup_tui.actions.registry import BY_ID
from banqup_tui.domain.messages import message
from banqup_tui.sync.state import SyncState, SyncWord
from tests.actions.fakes import NOW, FakeActionSession, FakeAsk, a_context

GONE = SyncState(
    word=SyncWord.SERVER_DOWN,
    waiting=3,
    since=NOW - timedelta(minutes=5),
    tries=4,
    message=message("sync.server-down"),
)


async def test_the_panel_says_since_when_and_what_is_kept_and_can_try_again() -> None:
    ask, session = FakeAsk("again"), FakeActionSession()
    await BY_ID["check-connection"].run(a_context(ask, session, connection=GONE))
    (question,) = ask.questions
    assert question.title == "The server does not answer"
    assert "4 tries" in question.lines[0]
    assert "Your 3 changes are kept on this computer and will be sent." in question.lines
    assert [one.label for one in question.choices] == ["Go on without it", "Try again", "Check connection"]
    assert session.tried_again == 1


async def test_going_on_without_it_does_nothing() -> None:
    ask, session = FakeAsk("on"), FakeActionSession()
    await BY_ID["check-connection"].run(a_context(ask, session, connection=GONE))
    assert session.tried_again == 0


async def test_a_server_that_answers_is_said_to() -> None:
    ask = FakeAsk()
    state = SyncState(word=SyncWord.IN_STEP)
    await BY_ID["check-connection"].run(a_context(ask, connection=state))
    assert ask.messages[0].text == "The server answers."
