"""What `u` can take back once the server has done it."""

from banqup_tui.actions.inverse_commands import inverse, inverse_key
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.protocol.commands import (
    Cancel,
    Copy,
    Dismiss,
    PauseIntegration,
    Resend,
    ResumeIntegration,
    Send,
    SetProcessed,
)
from tests.actions.fakes import a_delivery, a_document

QUEUED = a_delivery(a_document("one"), "i-1", DeliveryState.QUEUED, id="queued")
ON_ITS_WAY = a_delivery(a_document("one"), "i-2", DeliveryState.SENDING, id="sending")


def test_a_mark_is_taken_away_again_and_a_pause_ends() -> None:
    assert inverse(SetProcessed(document_ids=("d",), processed=True), ()) == SetProcessed(
        document_ids=("d",), processed=False
    )
    assert inverse(PauseIntegration(integration_id="i"), ()) == ResumeIntegration(integration_id="i")


def test_of_a_send_only_what_is_still_queued_is_cancelled() -> None:
    assert inverse(Send(document_ids=("d",)), [QUEUED, ON_ITS_WAY]) == Cancel(delivery_ids=("queued",))
    assert inverse(Send(document_ids=("d",), integration_ids=("i-2",)), [QUEUED, ON_ITS_WAY]) is None
    copies = (Copy(delivery_id="queued", generation=1),)
    assert inverse(Resend(copies=copies), [QUEUED]) == Cancel(delivery_ids=("queued",))


def test_what_has_no_opposite_cannot_be_taken_back() -> None:
    assert inverse(Dismiss(delivery_ids=("queued",)), [QUEUED]) is None


def test_a_command_is_taken_back_under_one_key_everywhere() -> None:
    assert inverse_key("a") == inverse_key("a") != inverse_key("b")
