"""What is said of changes that waited in a damaged file."""

import msgspec

from banqup_tui.actions.registry import BY_ID
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.store.outbox_entry import Rescue, RescueKind
from tests.actions.fakes import NOW, FakeActionSession, FakeAsk, a_context

SAVED = Rescue(id=1, at=NOW, kind=RescueKind.SAVED, saved=28, lost=2, aside="/home/me/outbox.sqlite.aside-1")


async def test_the_panel_says_how_many_were_saved_how_many_not_and_where_the_file_is() -> None:
    ask, session = FakeAsk("confirm"), FakeActionSession()
    session.rescued = [SAVED]
    action, context = BY_ID["saved-changes"], a_context(ask, session)
    assert action.availability(context) is None
    await action.run(context)
    (question,) = ask.questions
    text = "\n".join(question.lines)
    assert "28 changes that waited in it were saved." in text
    assert "2 changes could not be read. Look whether what you did last is there" in text
    assert "/home/me/outbox.sqlite.aside-1" in text
    assert not session.rescues()
    assert sentence_of(action.availability(context)) == "No file was damaged"


async def test_without_a_confirmation_it_is_shown_again() -> None:
    ask, session = FakeAsk(None), FakeActionSession()
    session.rescued = [SAVED, msgspec.structs.replace(SAVED, id=2, kind=RescueKind.FOUND, saved=1, lost=0)]
    await BY_ID["saved-changes"].run(a_context(ask, session))
    assert "1 change was found in a damaged file of before and is sent now." in ask.questions[0].lines
    assert len(session.rescues()) == 2
