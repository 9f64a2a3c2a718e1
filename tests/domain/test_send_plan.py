"""What "Send to integrations" would do: never a silent duplicate, never a click that fails."""

import hashlib
from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from banqup_tui.domain.delivery import Attempt, Delivery, DeliveryState
from banqup_tui.domain.document import Document, DocumentKind
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.send_plan import Obstacle, SendEffect, SendPlan, SendSelection, offer, offers, planned, selection

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KINDS = {"exact": ReceiverKind.LOOKUP, "sftp": ReceiverKind.RENAME}


def document(name: str = "d1", *, approved: bool = True, attempted: bool = False, client: str = "parvis") -> Document:
    return Document(
        id=name,
        client_id=client,
        folder=Folder.PURCHASE_INVOICES,
        kind=DocumentKind.INVOICE,
        file_name=f"{name}.xml",
        media_type="application/xml",
        size=1,
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        created_at=NOON,
        approved=approved,
        attempted=attempted,
    )


def integration(name: str, state: IntegrationState = IntegrationState.ACTIVE, *, client: str = "parvis") -> Integration:
    return Integration(id=name, client_id=client, installation_id=name, extension_id=name, label=name, state=state)


def delivery(
    of: Document,
    to: str,
    state: DeliveryState,
    *,
    generation: int = 1,
    attempts: int = 1,
    check_at: datetime | None = None,
) -> Delivery:
    return Delivery(
        id=f"{of.id}-{to}",
        integration_id=to,
        document_id=of.id,
        sha256=of.sha256,
        state=state,
        generation=generation,
        attempts=attempts,
        check_at=check_at,
    )


def chosen(documents: list[Document], to: list[Integration], seen: list[Delivery]) -> SendSelection:
    return selection(offers(documents, to, seen, KINDS))


def three_documents() -> SendSelection:
    """Three invoices, three integrations: Exact has two of them, SFTP failed on all, Dropbox has all."""
    d1, d2, d3 = documents = [document("d1"), document("d2"), document("d3")]
    seen = [
        delivery(d1, "exact", DeliveryState.DELIVERED),
        delivery(d2, "exact", DeliveryState.DELIVERED),
        *(delivery(one, "sftp", DeliveryState.FAILED) for one in documents),
        *(delivery(one, "dropbox", DeliveryState.DELIVERED, generation=2) for one in documents),
    ]
    assert d3
    return chosen(documents, [integration("exact"), integration("sftp"), integration("dropbox")], seen)


@st.composite
def selections(draw: st.DrawFn) -> SendSelection:
    to = [
        integration(f"i{at}", draw(st.sampled_from(IntegrationState)), client=draw(st.sampled_from("AB")))
        for at in range(draw(st.integers(0, 4)))
    ]
    documents = [
        document(f"d{at}", approved=draw(st.booleans()), client=draw(st.sampled_from("AB")))
        for at in range(draw(st.integers(1, 4)))
    ]
    seen = [
        delivery(one, other.id, draw(st.sampled_from(DeliveryState)), check_at=draw(st.sampled_from([None, NOON])))
        for one in documents
        for other in to
        if one.client_id == other.client_id and draw(st.booleans())
    ]
    kinds = {other.extension_id: draw(st.sampled_from(ReceiverKind)) for other in to}
    return selection(offers(documents, to, seen, kinds))


def of_several() -> st.SearchStrategy[SendSelection]:
    """Of one document alone, a tick is its user's word for sending it again."""
    return selections().filter(lambda of: of.several)


def everything(of: SendSelection, *, again: bool) -> SendPlan:
    return planned(of, [row.integration.id for row in of.rows], again=again)


def test_a_new_document_is_offered_to_each_active_integration_as_send() -> None:
    found = offer(document(), [integration("sftp"), integration("exact")], [])
    assert not found.sent_before
    assert [route.effect for route in found.routes] == [SendEffect.SEND, SendEffect.SEND]


def test_the_menu_says_resend_once_an_attempt_was_made_even_if_it_failed() -> None:
    one = document()
    found = offer(one, [integration("sftp")], [delivery(one, "sftp", DeliveryState.FAILED)])
    assert found.sent_before
    assert found.routes[0].effect is SendEffect.SEND


def test_the_menu_still_says_send_while_the_first_delivery_has_not_been_tried() -> None:
    one = document()
    assert not offer(
        one, [integration("sftp")], [delivery(one, "sftp", DeliveryState.CANCELLED, attempts=0)]
    ).sent_before


def test_what_is_delivered_is_sent_again_only_if_ticked() -> None:
    one = document()
    route = offer(one, [integration("sftp")], [delivery(one, "sftp", DeliveryState.DELIVERED)]).routes[0]
    assert route.effect is SendEffect.RESEND
    assert route.possible
    assert not route.wanted


def test_a_receiver_that_can_be_asked_is_asked_first_about_what_may_have_arrived() -> None:
    one = document()
    route = offer(one, [integration("exact")], [delivery(one, "exact", DeliveryState.UNKNOWN)], KINDS).routes[0]
    assert route.wanted
    assert route.if_gone


def test_resending_one_document_asks_a_receiver_that_can_be_asked_unless_another_copy_is_wanted() -> None:
    one = document()
    there = [delivery(one, "exact", DeliveryState.DELIVERED)]
    chosen = selection([offer(one, [integration("exact")], there, KINDS)])
    assert not chosen.wanted
    asked, anyway = everything(chosen, again=False), everything(chosen, again=True)
    assert (len(asked.copies), len(asked.copies_if_gone)) == (0, 1)
    assert (len(anyway.copies), len(anyway.copies_if_gone)) == (1, 0)


def test_what_has_arrived_of_a_large_selection_is_neither_asked_about_nor_sent_unless_copies_are_wanted() -> None:
    both = [document("d1"), document("d2")]
    there = [delivery(one, "exact", DeliveryState.DELIVERED) for one in both]
    chosen = selection(offers(both, [integration("exact")], there, KINDS))
    assert everything(chosen, again=False).deliveries == 0
    assert len(everything(chosen, again=True).copies) == 2


def test_what_may_have_arrived_at_a_receiver_that_cannot_be_asked_is_left_to_the_user() -> None:
    one = document()
    route = offer(one, [integration("sftp")], [delivery(one, "sftp", DeliveryState.UNKNOWN)], KINDS).routes[0]
    assert not route.wanted
    assert route.possible


def test_a_document_without_an_active_integration_says_so() -> None:
    found = offer(document(), [integration("sftp", IntegrationState.PAUSED)], [])
    assert found.obstacle is Obstacle.NO_ACTIVE_INTEGRATION


def test_a_document_that_the_client_has_not_approved_says_so_first() -> None:
    assert offer(document(approved=False), [], []).obstacle is Obstacle.WAITS_FOR_CLIENT


def test_a_document_already_on_its_way_everywhere_says_so() -> None:
    one = document()
    found = offer(one, [integration("sftp")], [delivery(one, "sftp", DeliveryState.QUEUED)])
    assert found.obstacle is Obstacle.QUEUED_ALREADY


def test_a_selection_shows_of_each_integration_how_many_it_has_and_how_many_are_new_to_it() -> None:
    exact, sftp, dropbox = three_documents().rows
    assert (exact.delivered, exact.documents, exact.first_time) == (2, 3, 1)
    assert (sftp.delivered, sftp.documents, sftp.first_time) == (0, 3, 3)
    assert (dropbox.delivered, dropbox.documents, dropbox.first_time) == (3, 3, 0)


def test_a_selection_begins_with_only_those_integrations_ticked_that_lack_something() -> None:
    assert three_documents().wanted == {"exact", "sftp"}


def test_a_selection_sends_four_deliveries_and_leaves_what_is_there_as_it_is() -> None:
    three = three_documents()
    plan = planned(three, three.wanted, again=False)
    assert plan.deliveries == 4
    assert not plan.copies
    assert {(group.document_ids, group.integration_ids) for group in plan.groups} == {
        (("d1", "d2"), ("sftp",)),
        (("d3",), ("exact", "sftp")),
    }


def test_sending_again_what_is_there_names_the_generation_that_was_seen() -> None:
    plan = planned(three_documents(), ["dropbox"], again=True)
    assert [(copy.delivery_id, copy.generation) for copy in plan.copies] == [
        ("d1-dropbox", 2),
        ("d2-dropbox", 2),
        ("d3-dropbox", 2),
    ]
    assert plan.sends == 0


def test_documents_of_two_clients_go_each_to_their_own_clients_integrations() -> None:
    both = chosen(
        [document("d1", client="parvis"), document("d2", client="zavel")],
        [integration("sftp", client="parvis"), integration("exact", client="zavel")],
        [],
    )
    groups = everything(both, again=False).groups
    assert [(group.document_ids, group.integration_ids) for group in groups] == [
        (("d1",), ("sftp",)),
        (("d2",), ("exact",)),
    ]


def test_a_selection_is_blocked_only_if_every_document_is() -> None:
    some = chosen([document("d1", approved=False), document("d2")], [integration("sftp")], [])
    assert some.obstacle is None
    assert everything(some, again=True).deliveries == 1
    none = chosen([document("d1", approved=False)], [integration("sftp")], [])
    assert none.obstacle is Obstacle.WAITS_FOR_CLIENT


@given(of_several())
def test_without_the_users_tick_nothing_that_arrived_is_ever_sent_again(of: SendSelection) -> None:
    plan = everything(of, again=False)
    assert not plan.copies
    arrived = {
        (one.document.id, route.integration.id)
        for one in of.offers
        for route in one.routes
        if route.delivery is not None and route.delivery.state is DeliveryState.DELIVERED
    }
    sent = {
        (document_id, integration_id)
        for group in plan.groups
        for document_id in group.document_ids
        for integration_id in group.integration_ids
    }
    assert not sent & arrived


@given(of_several())
def test_the_number_on_the_button_is_the_number_that_is_sent(of: SendSelection) -> None:
    expected = sum(row.first_time + row.asked_first for row in of.rows)
    assert everything(of, again=False).deliveries == expected
    assert everything(of, again=True).deliveries == expected + sum(row.again for row in of.rows)


@given(selections())
def test_what_is_under_way_is_never_touched(of: SendSelection) -> None:
    plan = everything(of, again=True)
    under_way = {
        route.delivery.id
        for one in of.offers
        for route in one.routes
        if route.delivery is not None and route.delivery.is_open
    }
    assert not under_way & {copy.delivery_id for copy in plan.copies + plan.copies_if_gone}


@given(selections())
def test_a_document_that_waits_for_its_client_is_never_sent(of: SendSelection) -> None:
    waiting = {one.document.id for one in of.offers if not one.document.approved}
    plan = everything(of, again=True)
    assert not waiting & {document_id for group in plan.groups for document_id in group.document_ids}


@given(selections())
def test_an_entry_that_is_not_dimmed_always_has_something_to_send(of: SendSelection) -> None:
    assert (of.obstacle is None) == (everything(of, again=True).deliveries > 0)


@given(selections())
def test_nothing_goes_to_an_integration_that_is_paused_broken_or_removed(of: SendSelection) -> None:
    assert all(row.integration.state is IntegrationState.ACTIVE for row in of.rows)


def moved(of: Document, to: Integration, *went: str) -> tuple[Integration, Delivery]:
    """An integration that points to `new`, and a delivery that arrived at each of `went`, the last one first."""
    tries = tuple(Attempt(started_at=NOON, outcome="DELIVERED", destination=place) for place in reversed(went))
    arrived = msgspec.structs.replace(delivery(of, to.id, DeliveryState.DELIVERED), log=tries)
    return msgspec.structs.replace(to, destination="new"), arrived


def test_a_changed_destination_has_nothing_yet() -> None:
    one = document(attempted=True)
    pointed, arrived = moved(one, integration("sftp"), "old")
    selected = chosen([one], [pointed], [arrived])
    (row,) = selected.rows
    assert (row.delivered, row.elsewhere, row.first_time, row.again) == (0, 1, 1, 0)
    assert not selected.sent_before
    assert planned(selected, selected.wanted, again=False).sends == 1


def test_a_destination_that_has_it_already_gets_nothing_by_itself() -> None:
    one = document()
    for went in (("new",), ("new/",), ("old", "new"), ("new", "old")):
        pointed, arrived = moved(one, integration("sftp"), *went)
        selected = chosen([one], [pointed], [arrived])
        assert (selected.rows[0].delivered, selected.wanted) == (1, frozenset())
        assert selected.sent_before


def test_what_other_integrations_have_keeps_the_word_resend() -> None:
    one = document(attempted=True)
    pointed, arrived = moved(one, integration("sftp"), "old")
    other = delivery(one, "exact", DeliveryState.DELIVERED)
    assert chosen([one], [pointed, integration("exact")], [arrived, other]).sent_before
