"""Send and resend: what is asked before, and what goes out."""

import pytest

from banqup_tui.actions.context import Context
from banqup_tui.actions.prompts import TickAnswer
from banqup_tui.actions.registry import BY_ID
from banqup_tui.actions.send_to_integrations import MOST_IN_ONE_COMMAND, question, summary
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.document import Document, DocumentKind
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.protocol.commands import Copy, Resend, Send
from tests.actions.fakes import (
    FakeActionSession,
    FakeAsk,
    a_context,
    a_delivery,
    a_document,
    an_extension,
    an_integration,
)

SEND = BY_ID["send"]
THREE = [an_integration("SFTP"), an_integration("Exact Online"), an_integration("Dropbox")]


def one_document(ask: FakeAsk | None = None, session: FakeActionSession | None = None) -> Context:
    one = a_document()
    return a_context(
        ask,
        session,
        documents=[one],
        integrations=THREE,
        deliveries=[
            a_delivery(one, "sftp", DeliveryState.FAILED),
            a_delivery(one, "exact-online", DeliveryState.DELIVERED, receipt="document 4f1c…9a27"),
            a_delivery(one, "dropbox", DeliveryState.UNKNOWN),
        ],
        extensions={"dropbox": an_extension("dropbox", ReceiverKind.LOOKUP)},
    )


def three_documents(ask: FakeAsk | None = None, session: FakeActionSession | None = None) -> Context:
    three = [a_document("A"), a_document("B"), a_document("C", kind=DocumentKind.CREDIT_NOTE, gross_amount=-21175)]
    return a_context(
        ask,
        session,
        documents=three,
        integrations=THREE,
        deliveries=[
            a_delivery(three[0], "exact-online", DeliveryState.DELIVERED),
            a_delivery(three[1], "exact-online", DeliveryState.DELIVERED),
            *(a_delivery(one, "dropbox", DeliveryState.DELIVERED) for one in three),
        ],
    )


def test_the_panel_says_what_each_integration_has_and_what_will_be_sent() -> None:
    asked = question(one_document())
    assert asked.title == "Resend to integrations"
    assert asked.subtitle.replace("\u00a0", " ") == "Invoice 2026-11874 · Meunerie de Gembloux SA · 1,215.13 EUR"
    assert [row.has.rsplit(" ", 1)[0] for row in asked.rows] == [
        "Nothing: failed at",
        "The same, since",
        "Perhaps: cut off at",
    ]
    assert [row.ticked for row in asked.rows] == [True, False, True]
    summary_text = asked.summary(TickAnswer(ids=frozenset({"sftp", "dropbox"})))
    assert dict(summary_text.effects) == {
        "sftp": "The document",
        "exact-online": "Nothing",
        "dropbox": "Only if not there",
    }
    assert summary_text.button == "Send to 2 integrations"


def test_a_tick_that_would_make_a_duplicate_says_so_before() -> None:
    row = question(one_document()).rows[1]
    assert row.note == "Exact Online has it: document 4f1c…9a27. If ticked, it will be there twice."
    assert row.warning


def test_a_selection_shows_counts_and_the_number_of_deliveries() -> None:
    asked = question(three_documents())
    assert asked.title == "Resend 3 documents to integrations"
    assert asked.subtitle.startswith("3 invoices and credit notes, 2,218.51")
    assert [(row.has, row.ticked) for row in asked.rows] == [("0 of 3", True), ("2 of 3", True), ("3 of 3", False)]
    summary_text = asked.summary(TickAnswer(ids=frozenset({"sftp", "exact-online"})))
    assert dict(summary_text.effects) == {
        "sftp": "3 for the first time",
        "exact-online": "1 for the first time",
        "dropbox": "Nothing",
    }
    assert summary_text.lines == ("4 deliveries. What an integration has already stays as it is there.",)
    assert summary_text.button == "Send 4 deliveries"


def test_send_again_also_what_is_there_counts_every_copy() -> None:
    context = three_documents()
    everything = frozenset({"sftp", "exact-online", "dropbox"})
    summary_text = summary(context.selection, TickAnswer(ids=everything, option=True))
    assert summary_text.button == "Send 9 deliveries"
    assert summary_text.effects["exact-online"] == "1 for the first time, 2 again"


async def test_going_away_sends_nothing() -> None:
    session = FakeActionSession()
    await SEND.run(one_document(FakeAsk(None), session))
    assert session.acts == []


async def test_what_is_ticked_is_sent_and_can_be_taken_back() -> None:
    ask, session = FakeAsk(TickAnswer(ids=frozenset({"sftp"}))), FakeActionSession()
    await SEND.run(one_document(ask, session))
    assert session.acts == [Send(document_ids=("2026-11874",), integration_ids=("sftp",))]
    assert ask.messages[0].text == "1 delivery queued for 2026-11874. u takes it back"
    assert ask.messages[0].undo_keys == ("key-1",)


async def test_a_delivered_one_that_is_ticked_is_sent_again_under_the_generation_seen() -> None:
    ask, session = FakeAsk(TickAnswer(ids=frozenset({"exact-online", "dropbox"}))), FakeActionSession()
    await SEND.run(one_document(ask, session))
    assert session.acts == [
        Resend(copies=(Copy(delivery_id="2026-11874>exact-online", generation=1),)),
        Resend(copies=(Copy(delivery_id="2026-11874>dropbox", generation=1),), if_gone=True),
    ]


async def test_of_what_can_be_asked_about_the_panel_says_before_whether_a_copy_is_made() -> None:
    ask, session = FakeAsk(TickAnswer(ids=frozenset({"dropbox"}), option=True)), FakeActionSession()
    context = one_document(ask, session)
    await SEND.run(context)
    (asked,) = ask.questions
    assert asked.option == "Send again also what is there: it may be there twice"
    ticked = frozenset({"dropbox"})
    assert asked.summary(TickAnswer(ids=ticked)).effects["dropbox"] == "Only if not there"
    assert asked.summary(TickAnswer(ids=ticked, option=True)).effects["dropbox"] == "Another copy"
    assert session.acts == [Resend(copies=(Copy(delivery_id="2026-11874>dropbox", generation=1),))]


async def test_offline_the_message_says_that_it_waits_on_this_computer() -> None:
    ask = FakeAsk(TickAnswer(ids=frozenset({"sftp"})))
    one = a_document()
    await SEND.run(a_context(ask, documents=[one], integrations=THREE, offline=True))
    assert "Waits on this computer" in ask.messages[0].text


async def test_a_large_selection_goes_in_commands_that_the_service_takes() -> None:
    many = [a_document(f"{number}") for number in range(MOST_IN_ONE_COMMAND + 1)]
    session = FakeActionSession()
    ask = FakeAsk(TickAnswer(ids=frozenset({"sftp"})))
    await SEND.run(a_context(ask, session, documents=many, integrations=THREE[:1]))
    assert [len(act.document_ids) for act in session.acts] == [MOST_IN_ONE_COMMAND, 1]


@pytest.mark.parametrize(
    ("document", "integrations", "reason"),
    [
        (a_document(), [], "No active integration for this client"),
        (
            a_document(),
            [an_integration("SFTP", state=IntegrationState.PAUSED)],
            "No active integration for this client",
        ),
        (a_document(approved=False), [an_integration("SFTP")], "Waits for the client's approval"),
    ],
)
def test_what_is_not_possible_says_why(document: Document, integrations: list[Integration], reason: str) -> None:
    assert sentence_of(SEND.availability(a_context(documents=[document], integrations=integrations))) == reason


def test_what_is_on_its_way_is_not_offered_again() -> None:
    one = a_document()
    queued = [a_delivery(one, "sftp", DeliveryState.QUEUED)]
    context = a_context(documents=[one], integrations=THREE[:1], deliveries=queued)
    assert sentence_of(SEND.availability(context)) == "Queued already"


def test_a_document_that_cannot_be_sent_is_named_beside_those_that_can() -> None:
    waiting, ready = a_document("WAITS", approved=False), a_document("READY")
    context = a_context(documents=[waiting, ready], integrations=THREE[:1])
    summary_text = summary(context.selection, TickAnswer(ids=frozenset({"sftp"})))
    assert summary_text.lines[-1] == "Not sent: WAITS. Waits for the client's approval"


def test_a_number_full_of_escapes_is_shown_harmlessly() -> None:
    one = a_document(number="\x1b[31mA[/b]\u202eB")
    asked = question(a_context(documents=[one], integrations=THREE))
    assert "\x1b" not in asked.subtitle
    assert "\u202e" not in asked.subtitle


async def test_integrations_that_take_nothing_now_are_named_before_one_sends() -> None:
    broken = an_integration("Old server", state=IntegrationState.BROKEN)
    paused = an_integration("Archive", state=IntegrationState.PAUSED)
    ask = FakeAsk()
    await BY_ID["send"].run(
        a_context(ask, documents=[a_document()], integrations=[an_integration("SFTP"), broken, paused])
    )
    (question,) = ask.questions
    assert question.summary(TickAnswer(ids=frozenset({"sftp"}))).lines == (
        "Old server needs attention: what failed there is sent again once it is mended.",
        "Archive is paused.",
    )


def four_of_thirty(ask: FakeAsk | None = None, session: FakeActionSession | None = None) -> Context:
    """Thirty documents to two integrations; 26 are marked as processed, one of the four has arrived at one of them."""
    documents = [a_document(f"D{at:02}", processed=at >= 4, gross_amount=100) for at in range(30)]
    delivered = [a_delivery(documents[0], "sftp", DeliveryState.DELIVERED)]
    return a_context(ask, session, documents=documents, integrations=THREE[:2], deliveries=delivered)


def test_of_a_selection_what_is_marked_as_processed_is_left_out_and_every_number_is_of_the_rest() -> None:
    asked = question(four_of_thirty())
    assert asked.processed == "Send also the 26 marked as processed"
    summary_text = asked.summary(TickAnswer(ids=frozenset({"sftp", "exact-online"})))
    assert summary_text.title == "Resend 4 documents to integrations"
    assert summary_text.subtitle.replace("\u00a0", " ") == "4 invoices, 4.00 EUR"
    assert {key: text for key, (text, _state) in summary_text.has.items()} == {
        "sftp": "1 of 4",
        "exact-online": "0 of 4",
    }
    assert dict(summary_text.effects) == {"sftp": "3 for the first time", "exact-online": "4 for the first time"}
    assert summary_text.button == "Send 7 deliveries"
    assert summary_text.lines[-1] == "Not sent: 26 documents marked as processed."


def test_what_is_marked_as_processed_is_sent_too_where_it_is_ticked() -> None:
    summary_text = question(four_of_thirty()).summary(
        TickAnswer(ids=frozenset({"sftp", "exact-online"}), processed=True)
    )
    assert summary_text.title == "Resend 30 documents to integrations"
    assert summary_text.has["sftp"][0] == "1 of 30"
    assert summary_text.button == "Send 59 deliveries"
    assert "processed" not in "".join(summary_text.lines)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize("ids", [{"sftp"}, {"exact-online"}, {"sftp", "exact-online"}, set()])
async def test_every_number_that_is_said_is_that_of_what_is_given_to_the_outbox(
    ids: set[str], processed: bool, again: bool
) -> None:
    answer = TickAnswer(ids=frozenset(ids), processed=processed, option=again)
    ask, session = FakeAsk(answer), FakeActionSession()
    await SEND.run(four_of_thirty(ask, session))
    summary_text = ask.questions[0].summary(answer)
    sent = [(one, to) for act in session.acts if isinstance(act, Send) for one in act.document_ids
            for to in act.integration_ids or ()]  # fmt: skip
    copies = [copy.delivery_id for act in session.acts if isinstance(act, Resend) for copy in act.copies]
    number = len(sent) + len(copies)
    documents = {one for one, _to in sent} | {copy.partition(">")[0] for copy in copies}
    if not number:
        assert (summary_text.button, ask.messages) == ("", [])
        return
    assert summary_text.button == f"Send {number} deliveries"
    assert summary_text.lines[0].startswith(f"{number} deliveries.")
    assert summary_text.title.startswith(f"Resend {len(documents)} document")
    assert summary_text.subtitle.startswith(f"{len(documents)} invoice")
    assert ask.messages[0].plain_text == f"{number} deliveries queued for {len(documents)} documents."


async def test_one_document_that_is_marked_as_processed_is_sent_when_it_is_asked_for() -> None:
    ask, session = FakeAsk(TickAnswer(ids=frozenset({"sftp"}))), FakeActionSession()
    await SEND.run(a_context(ask, session, documents=[a_document(processed=True)], integrations=THREE))
    assert session.acts == [Send(document_ids=("2026-11874",), integration_ids=("sftp",))]


def test_a_selection_that_is_all_processed_sends_nothing_until_it_is_ticked() -> None:
    context = a_context(documents=[a_document("A", processed=True), a_document("B", processed=True)],
                        integrations=THREE[:1])  # fmt: skip
    assert SEND.availability(context) is None
    asked = question(context)
    assert asked.summary(TickAnswer(ids=frozenset({"sftp"}))).button == ""
    summary_text = asked.summary(TickAnswer(ids=frozenset(), processed=True))
    assert summary_text.wanted == {"sftp"}
    assert asked.summary(TickAnswer(ids=summary_text.wanted, processed=True)).button == "Send 2 deliveries"
