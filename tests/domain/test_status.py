"""The accounting status is derived: these are the sentences an accountant would say about it."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.status import AccountingStatus, accounting_status_with

LATER = datetime(2026, 11, 24, 9, tzinfo=UTC)

deliveries = st.lists(
    st.builds(
        Delivery,
        id=st.uuids().map(str),
        integration_id=st.uuids().map(str),
        document_id=st.just("document"),
        sha256=st.just("0" * 64),
        state=st.sampled_from(DeliveryState),
        check_at=st.none() | st.just(LATER),
        dismissed=st.booleans(),
    ),
    max_size=5,
)


def delivery(state: DeliveryState, *, check_at: datetime | None = None, dismissed: bool = False) -> Delivery:
    return Delivery(
        id="delivery",
        integration_id="integration",
        document_id="document",
        sha256="0" * 64,
        state=state,
        check_at=check_at,
        dismissed=dismissed,
    )


def status(*seen: Delivery) -> AccountingStatus:
    return accounting_status_with(seen, approved=True, processed=False)


@given(deliveries, st.booleans())
def test_a_document_that_the_client_has_not_approved_waits_for_the_client_whatever_else_holds(
    seen: list[Delivery], processed: bool
) -> None:
    found = accounting_status_with(seen, approved=False, processed=processed)
    assert found is AccountingStatus.CLIENT_ACTION_NEEDED


@given(deliveries)
def test_a_document_marked_by_hand_stays_processed_whatever_its_deliveries_do(seen: list[Delivery]) -> None:
    assert accounting_status_with(seen, approved=True, processed=True) is AccountingStatus.PROCESSED


@given(deliveries)
def test_anything_still_on_its_way_is_shown_as_queued_even_beside_a_failure(seen: list[Delivery]) -> None:
    on_its_way = [*seen, delivery(DeliveryState.SENDING)]
    assert status(*on_its_way) is AccountingStatus.QUEUED


@given(deliveries)
def test_a_failure_is_never_hidden_once_nothing_is_on_its_way(seen: list[Delivery]) -> None:
    settled = [one for one in seen if not one.is_open]
    assert status(*settled, delivery(DeliveryState.FAILED)) is AccountingStatus.ERROR


@given(deliveries, st.randoms())
def test_the_order_of_the_deliveries_makes_no_difference(seen: list[Delivery], random: object) -> None:
    shuffled = list(seen)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert status(*shuffled) is status(*seen)


@given(deliveries)
def test_a_ready_document_has_nothing_open_and_nothing_to_look_at(seen: list[Delivery]) -> None:
    ready = status(*seen) is AccountingStatus.READY_TO_PROCESS
    assert ready == (not any(one.is_open or one.needs_a_look for one in seen))


def test_a_delivery_that_the_program_will_look_up_counts_as_on_its_way() -> None:
    assert status(delivery(DeliveryState.UNKNOWN, check_at=LATER)) is AccountingStatus.QUEUED


def test_a_delivery_that_only_the_user_can_settle_counts_as_an_error() -> None:
    assert status(delivery(DeliveryState.UNKNOWN)) is AccountingStatus.ERROR


def test_a_failure_that_was_dismissed_leaves_the_document_ready() -> None:
    assert status(delivery(DeliveryState.FAILED, dismissed=True)) is AccountingStatus.READY_TO_PROCESS


def test_a_document_sent_nowhere_is_ready() -> None:
    assert status() is AccountingStatus.READY_TO_PROCESS
