"""The other things a user can do."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from banqup_tui.actions.context import Undoable
from banqup_tui.actions.file_export import CannotWrite, save_copy
from banqup_tui.actions.import_selection import files_below
from banqup_tui.actions.places import Place, Tab
from banqup_tui.actions.prompts import FormAnswer
from banqup_tui.actions.registry import BY_ID
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message
from banqup_tui.domain.origin import Picture
from banqup_tui.presentation.formats import moment
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.protocol.commands import (
    AddIntegration,
    Backfill,
    Cancel,
    Configure,
    Copy,
    Dismiss,
    ImportFile,
    Install,
    PauseIntegration,
    RemoveIntegration,
    Resend,
    ResumeIntegration,
    SetProcessed,
    Settle,
)
from banqup_tui.protocol.messages import BackfillCount
from tests.actions.fakes import (
    NOW,
    FakeActionSession,
    FakeAsk,
    a_context,
    a_delivery,
    a_document,
    an_extension,
    an_installation,
    an_integration,
)
from tests.support.papers import letter


async def test_documents_are_marked_as_processed_and_back() -> None:
    session = FakeActionSession()
    mixed = [a_document("A"), a_document("B", processed=True)]
    await BY_ID["processed"].run(a_context(session=session, documents=mixed))
    await BY_ID["processed"].run(a_context(session=session, documents=mixed[1:]))
    assert session.acts == [
        SetProcessed(document_ids=("A",), processed=True),
        SetProcessed(document_ids=("B",), processed=False),
    ]


def test_a_document_that_waits_for_its_client_cannot_be_marked() -> None:
    context = a_context(documents=[a_document(approved=False)])
    assert sentence_of(BY_ID["processed"].availability(context)) == "Waits for the client's approval"


async def test_details_open_the_deliveries_of_the_document() -> None:
    ask = FakeAsk()
    await BY_ID["details"].run(a_context(ask, documents=[a_document()]))
    assert (ask.went[0].place, ask.went[0].tab, ask.went[0].document_id) == (
        Place.DOCUMENT,
        Tab.DELIVERIES,
        "2026-11874",
    )


async def test_a_download_never_writes_over_a_file(tmp_path: Path) -> None:
    one = a_document(file_name="../../etc/pass:wd\x1b[2J.xml")
    (tmp_path / one.sha256).write_bytes(b"<Invoice/>")
    ask, session = FakeAsk(tmp_path / "saved"), FakeActionSession(tmp_path)
    for _time in range(2):
        await BY_ID["download"].run(a_context(ask, session, documents=[one]))
    saved = sorted(path.name for path in (tmp_path / "saved").iterdir())
    assert len(saved) == 2
    assert all("/" not in name and ":" not in name and "\x1b" not in name for name in saved)
    assert saved[0].endswith(" (2).xml")
    assert all(path.read_bytes() == b"<Invoice/>" for path in (tmp_path / "saved").iterdir())


async def test_an_e_invoice_is_downloaded_with_the_pdf_that_came_with_it(tmp_path: Path) -> None:
    picture = Picture(sha256="b" * 64, file_name="scan 1.pdf", size=4)
    one = a_document(file_name="F1.xml", picture=picture)
    (tmp_path / one.sha256).write_bytes(b"<Invoice/>")
    (tmp_path / picture.sha256).write_bytes(letter())
    ask = FakeAsk(tmp_path / "saved")
    await BY_ID["download"].run(a_context(ask, FakeActionSession(tmp_path), documents=[one]))
    assert {path.name: path.read_bytes() for path in (tmp_path / "saved").iterdir()} == {
        "F1.xml": b"<Invoice/>",
        "F1.pdf": letter(),
    }


def test_a_directory_that_cannot_be_written_is_one_sentence_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(CannotWrite) as raised:
        save_copy(tmp_path / "file", tmp_path / "file", "x.xml")
    assert raised.value.message.code == "computer.cannot-write"
    assert raised.value.message.params == {"path": str(tmp_path / "file")}
    assert raised.value.message.quote


async def test_what_is_queued_can_be_cancelled() -> None:
    one = a_document()
    session = FakeActionSession()
    deliveries = [a_delivery(one, "sftp", DeliveryState.QUEUED), a_delivery(one, "exact", DeliveryState.DELIVERED)]
    await BY_ID["cancel-sending"].run(a_context(session=session, documents=[one], deliveries=deliveries))
    assert session.acts == [Cancel(delivery_ids=("2026-11874>sftp",))]


async def test_a_failure_is_dismissed_only_after_a_question() -> None:
    one = a_document()
    deliveries = [a_delivery(one, "sftp", DeliveryState.FAILED)]
    session = FakeActionSession()
    for answer in (False, True):
        await BY_ID["dismiss"].run(a_context(FakeAsk(answer), session, documents=[one], deliveries=deliveries))
    assert session.acts == [Dismiss(delivery_ids=("2026-11874>sftp",))]


@pytest.mark.parametrize(
    ("answer", "command"),
    [
        ("there", Settle(delivery_id="2026-11874>sftp", generation=3, there=True)),
        ("not-there", Settle(delivery_id="2026-11874>sftp", generation=3, there=False)),
        ("again", Resend(copies=(Copy(delivery_id="2026-11874>sftp", generation=3),))),
    ],
)
async def test_the_user_settles_what_was_cut_off(answer: str, command: object) -> None:
    one = a_document()
    session = FakeActionSession()
    unknown = [a_delivery(one, "sftp", DeliveryState.UNKNOWN, generation=3)]
    context = a_context(
        FakeAsk(answer), session, documents=[one], deliveries=unknown, integrations=[an_integration("SFTP")]
    )
    assert BY_ID["settle"].availability(context) is None
    await BY_ID["settle"].run(context)
    assert session.acts == [command]


def test_nothing_is_settled_while_the_program_still_looks() -> None:
    one = a_document()
    looking = [a_delivery(one, "sftp", DeliveryState.UNKNOWN, check_at=NOW)]
    context = a_context(documents=[one], deliveries=looking)
    assert sentence_of(BY_ID["settle"].availability(context)) == "The program is still looking it up"


async def test_copying_says_what_was_copied_and_leaves_out_spaces() -> None:
    ask = FakeAsk("g")
    await BY_ID["copy"].run(a_context(ask, documents=[a_document(gross_amount=-121513)]))
    assert ask.copied == ["-1,215.13"] or ask.copied == ["-1215.13"]
    assert ask.messages[0].text.startswith("Copied: Gross")


async def test_an_integration_is_added_with_older_documents_in_the_number_that_was_shown() -> None:
    counted = BackfillCount(folders=(), count=1284, up_to="epoch.7")
    ask, session = FakeAsk(FormAnswer(values={"path": "/in"}, older=counted)), FakeActionSession()
    session.older = 1284
    context = a_context(
        ask,
        session,
        place=Place.CLIENT,
        extension=an_extension("sftp"),
        extensions={"sftp": an_extension("sftp")},
        installations=[an_installation("sftp")],
    )
    await BY_ID["add-integration"].run(context)
    added = session.acts[0]
    assert isinstance(added, AddIntegration)
    assert (added.client_id, added.installation_id, added.settings) == ("parvis", "sftp-installed", {"path": "/in"})
    assert added.backfill == Backfill(up_to="epoch.7", expected=1284)


async def test_pause_and_resume_follow_the_state_of_the_integration() -> None:
    session = FakeActionSession()
    for state in (IntegrationState.ACTIVE, IntegrationState.PAUSED, IntegrationState.BROKEN):
        await BY_ID["pause"].run(
            a_context(session=session, place=Place.CLIENT, integration=an_integration("SFTP", state=state))
        )
    assert [type(act) for act in session.acts] == [PauseIntegration, ResumeIntegration, ResumeIntegration]


async def test_an_integration_is_removed_only_after_a_question() -> None:
    session = FakeActionSession()
    for answer in (False, True):
        await BY_ID["remove-integration"].run(
            a_context(FakeAsk(answer), session, place=Place.CLIENT, integration=an_integration("SFTP"))
        )
    assert session.acts == [RemoveIntegration(integration_id="sftp")]


async def test_an_extension_is_installed_and_configured_with_the_firms_settings() -> None:
    ask, session = FakeAsk(FormAnswer(values={"path": "/in"})), FakeActionSession()
    store = {"place": Place.STORE, "extension": an_extension("sftp")}
    await BY_ID["install"].run(a_context(ask, session, **store))
    await BY_ID["configure-extension"].run(a_context(ask, session, installations=[an_installation("sftp")], **store))
    assert isinstance(session.acts[0], Install)
    assert session.acts[1] == Configure(installation_id="sftp-installed", settings={"path": "/in"})


def test_an_extension_in_use_says_how_many_clients_use_it() -> None:
    context = a_context(
        place=Place.STORE,
        extension=an_extension("sftp"),
        installations=[an_installation("sftp")],
        integrations=[an_integration("SFTP")],
    )
    assert sentence_of(BY_ID["uninstall"].availability(context)) == "1 client uses it"


NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WHOSE_AND_WHEN = f"Boulangerie du Parvis SRL, {moment(NOON.astimezone(), NOON.astimezone().date())}"


async def test_undo_takes_back_what_was_never_tried_and_says_if_it_was() -> None:
    ask, session = FakeAsk(), FakeActionSession(tried=("tried",))
    for key in ("fresh", "tried"):
        await BY_ID["undo"].run(a_context(ask, session, undoable=[Undoable(key=key, title="Send 2026-11874", at=NOON)]))
    assert ask.messages[0].text == f"Taken back: Send 2026-11874 ({WHOSE_AND_WHEN})"
    assert ask.messages[1].text.startswith("Too late")


async def test_undo_of_what_the_server_has_done_gives_the_opposite_command() -> None:
    ask, session = FakeAsk(), FakeActionSession()
    session.opposites["done"] = SetProcessed(document_ids=("d",), processed=False)
    undoable = [Undoable(key="done", title="F26/004417 is processed", at=NOON, is_done=True)]
    await BY_ID["undo"].run(a_context(ask, session, undoable=undoable))
    assert session.acts == [SetProcessed(document_ids=("d",), processed=False)]
    assert ask.messages[0].text == f"Taken back: F26/004417 is processed ({WHOSE_AND_WHEN})"


async def test_undo_says_of_each_command_for_which_client_and_when_it_was_given() -> None:
    ask = FakeAsk(None)
    undoable = [Undoable(key=key, title="2 deliveries queued for 2 documents", at=NOON) for key in ("one", "other")]
    await BY_ID["undo"].run(a_context(ask, undoable=undoable))
    (question,) = ask.questions
    assert [choice.note for choice in question.choices] == [WHOSE_AND_WHEN] * 2
    assert BY_ID["undo"].note(a_context(undoable=undoable[:1])) == f"{undoable[0].title} · {WHOSE_AND_WHEN}"


async def test_importing_takes_the_files_below_a_folder_and_goes_on_after_a_bad_one(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.xml").write_text("<b/>")
    (tmp_path / "in" / "a.xml").write_text("<a/>")
    (tmp_path / "in" / "empty.xml").touch()
    (tmp_path / "in" / ".hidden").write_text("x")
    ask, session = FakeAsk([tmp_path]), FakeActionSession()
    await BY_ID["import"].run(a_context(ask, session))
    assert [act.file_name for act in session.acts if isinstance(act, ImportFile)] == ["a.xml", "b.xml"]
    assert ask.messages[0].text.startswith("1 file taken, 1 of them held as a duplicate, 1 waiting under To place. Not")
    assert "empty" in ask.messages[0].text


def test_a_file_named_twice_is_taken_once(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<a/>")
    found = list(files_below([tmp_path, tmp_path / "a.xml"]))
    assert [one.path.name for one in found] == ["a.xml"]


def test_a_path_that_is_not_there_says_so(tmp_path: Path) -> None:
    found = list(files_below([tmp_path / "nothing"]))
    assert found[0].reason == Message("import.not-there")


async def test_a_document_is_not_opened_outside_over_ssh() -> None:
    context = a_context(documents=[a_document()], over_ssh=True)
    assert sentence_of(BY_ID["open-outside"].availability(context)) == "Not over SSH: download it instead"
