"""Actions on a real session: what is done waits in the outbox under its name, and can be taken back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from banqup_tui.actions.places import Place
from banqup_tui.actions.registry import BY_ID, actions_of
from banqup_tui.actions.session_context import context_at, undoable
from banqup_tui.app_dirs import AppDirs
from banqup_tui.domain.errors import BanqupError
from banqup_tui.presentation.messages import texts_by_code
from banqup_tui.protocol.local import Endpoint
from banqup_tui.sync.session import Session
from tests.actions.fakes import FakeAsk


def nobody() -> Endpoint:
    raise BanqupError("The server does not answer.")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    names = ("config", "data", "cache", "runtime", "log")
    opened = Session.open(AppDirs(*(tmp_path / name for name in names)), nobody)
    yield opened
    opened.close()


@pytest.mark.parametrize("place", Place)
def test_every_place_can_be_asked_about_before_anything_was_copied(session: Session, place: Place) -> None:
    context = context_at(session, FakeAsk(), place)
    reasons = [action.availability(context) for action in actions_of(place)]
    assert {reason.code for reason in reasons if reason is not None} <= set(texts_by_code())


async def test_files_imported_offline_wait_under_their_name_and_are_taken_back(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "a.xml").write_text("<Invoice/>")
    ask = FakeAsk([tmp_path / "a.xml"])
    await BY_ID["import"].run(context_at(session, ask, Place.CLIENT_DOCUMENTS))
    assert [one.title for one in undoable(session)] == ["Import a.xml"]

    context = context_at(session, ask, Place.CLIENT_DOCUMENTS)
    assert BY_ID["undo"].availability(context) is None
    await BY_ID["undo"].run(context)
    assert undoable(session) == []
    assert ask.messages[-1].text.startswith("Taken back: Import a.xml (")
