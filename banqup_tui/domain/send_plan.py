"""Plans "Send to integrations" for documents: the effect at each integration, and why nothing can be sent.

The wording (Send or Resend) depends on earlier attempts, the effect on the ledger: SEND where nothing has arrived,
RESEND only for a delivered or unknown delivery, and only if the user ticks it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.values import Value


class Obstacle(StrEnum):
    """Why a document cannot be sent now; the terminal has a sentence for each."""

    NO_ACTIVE_INTEGRATION = "NO_ACTIVE_INTEGRATION"
    WAITS_FOR_CLIENT = "WAITS_FOR_CLIENT"
    QUEUED_ALREADY = "QUEUED_ALREADY"
    UNDECIDED = "HELD"
    REPLACED = "REPLACED"
    WITHDRAWN = "WITHDRAWN"


class SendEffect(StrEnum):
    """The command for one integration. A document that it has at its present destination is not sent by itself."""

    SEND = "SEND"
    RESEND = "RESEND"
    NOTHING = "NOTHING"


class Route(Value, frozen=True, kw_only=True):
    """One document and one integration.

    `wanted`: ticked from the beginning; `possible`: the user may tick it. `if_gone`: the receiver supports look-up, and
    is asked for the document before another copy is sent, unless the user wants another copy in any case. `elsewhere`:
    the document has arrived at an earlier destination only.
    """

    integration: Integration
    delivery: Delivery | None
    effect: SendEffect
    wanted: bool
    possible: bool
    if_gone: bool = False
    elsewhere: bool = False


class Offer(Value, frozen=True, kw_only=True):
    """The routes of one document. `sent_before` selects the wording. With an `obstacle` nothing can be sent."""

    document: Document
    sent_before: bool
    routes: tuple[Route, ...]
    obstacle: Obstacle | None = None


class SendRow(Value, frozen=True, kw_only=True):
    """The counts of a selection at one integration.

    `documents` counts all. `first_time` have not arrived and are sent; `elsewhere` of these have arrived at an earlier
    destination. `asked_first` are unknown at a receiver with look-up. `again` have or may have arrived: another copy is
    sent only if the user asks for it.
    """

    integration: Integration
    routes: tuple[Route, ...]
    documents: int
    delivered: int
    failed: int
    unknown: int
    under_way: int
    first_time: int
    asked_first: int
    again: int
    elsewhere: int = 0

    @property
    def wanted(self) -> bool:
        """True if the integration is ticked from the beginning."""
        return self.first_time + self.asked_first > 0

    @property
    def possible(self) -> bool:
        return self.wanted or self.again > 0


class SendSelection(Value, frozen=True, kw_only=True):
    """Documents and the integrations of their clients. `offers` and `rows` are of the documents that would be sent.

    `left_out` are documents that are marked as processed, if several were selected. `several`: more than one document
    was selected, though only one may be left. With an `obstacle` nothing can be sent.
    """

    offers: tuple[Offer, ...]
    rows: tuple[SendRow, ...]
    sent_before: bool
    several: bool = False
    left_out: tuple[Offer, ...] = ()
    obstacle: Obstacle | None = None

    @property
    def wanted(self) -> frozenset[str]:
        """The ids of the integrations that are ticked from the beginning."""
        return frozenset(row.integration.id for row in self.rows if row.wanted)

    @property
    def undecided(self) -> int:
        """The number of documents that are not sent because they are held as duplicates."""
        return sum(one.obstacle is Obstacle.UNDECIDED for one in self.offers)

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents that can be sent."""
        return tuple(one.document for one in self.offers if one.obstacle is None)


class SendGroup(Value, frozen=True, kw_only=True):
    """Documents that go to the same integrations: the body of one SEND."""

    document_ids: tuple[str, ...]
    integration_ids: tuple[str, ...]


class WantedCopy(Value, frozen=True, kw_only=True):
    """A delivery of which another copy is wanted, and the generation that the user saw."""

    delivery_id: str
    generation: int


class SendPlan(Value, frozen=True, kw_only=True):
    """The commands for the ledger: sends, further copies, and copies only if the receiver has lost its own.

    `integration_ids` and `document_ids` are those of all of them, for the counts in messages.
    """

    groups: tuple[SendGroup, ...] = ()
    copies: tuple[WantedCopy, ...] = ()
    copies_if_gone: tuple[WantedCopy, ...] = ()
    integration_ids: frozenset[str] = frozenset()
    document_ids: frozenset[str] = frozenset()

    @property
    def sends(self) -> int:
        return sum(len(group.document_ids) * len(group.integration_ids) for group in self.groups)

    @property
    def deliveries(self) -> int:
        return self.sends + len(self.copies) + len(self.copies_if_gone)


def offer(
    document: Document,
    integrations: Iterable[Integration],
    deliveries: Iterable[Delivery],
    kinds: Mapping[str, ReceiverKind] | None = None,
) -> Offer:
    """Returns the routes of a document.

    Args:
        integrations: The integrations of its client.
        deliveries: The deliveries of the document.
        kinds: The kind of each receiver, by the id of its extension.
    """
    by_integration = {delivery.integration_id: delivery for delivery in deliveries}
    routes = tuple(
        _route(integration, by_integration.get(integration.id), kinds or {})
        for integration in integrations
        if integration.state is IntegrationState.ACTIVE
    )
    elsewhere = {route.integration.id for route in routes if route.elsewhere}
    return Offer(
        document=document,
        sent_before=was_attempted(document, by_integration, elsewhere),
        routes=routes,
        obstacle=_obstacle(document, routes),
    )


def was_attempted(document: Document, by_integration: Mapping[str, Delivery], elsewhere: Collection[str] = ()) -> bool:
    """Returns True if it was tried to send the document to a present destination.

    `elsewhere` are the ids of integrations at which it has arrived at an earlier destination only.
    """
    tried = [delivery.integration_id for delivery in by_integration.values() if delivery.attempts > 0]
    if tried:
        return any(integration_id not in elsewhere for integration_id in tried)
    return document.attempted


def effect_of(delivery: Delivery | None, destination: str | None = None) -> SendEffect:
    """Returns the command for one integration.

    Without a delivery, failed or cancelled: SEND. Open: NOTHING. Delivered, or unknown without a look-up to come:
    RESEND. `destination` is the integration's present one; a document that was delivered to an earlier one is SEND.
    """
    if delivery is None or delivery.state in (DeliveryState.FAILED, DeliveryState.CANCELLED):
        return SendEffect.SEND
    if delivery.arrived_elsewhere(destination):
        return SendEffect.SEND
    if delivery.is_open:
        return SendEffect.NOTHING
    return SendEffect.RESEND


def offers(
    documents: Iterable[Document],
    integrations: Iterable[Integration],
    deliveries: Iterable[Delivery],
    kinds: Mapping[str, ReceiverKind] | None = None,
) -> tuple[Offer, ...]:
    """Returns the offer of each document, from the integrations of all clients and the deliveries of all documents."""
    by_client: dict[str, list[Integration]] = {}
    for integration in integrations:
        by_client.setdefault(integration.client_id, []).append(integration)
    by_document: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        by_document.setdefault(delivery.document_id, []).append(delivery)
    return tuple(
        offer(document, by_client.get(document.client_id, ()), by_document.get(document.id, ()), kinds)
        for document in documents
    )


def selection(each: Sequence[Offer], *, with_processed: bool = False) -> SendSelection:
    """Combines offers into a selection.

    Of several documents, held duplicates are never sent: each has to be decided about. A single one may be, which
    decides that it is another document.
    Of several documents, those marked as processed are left out without `with_processed`; a single document is not.
    The selection has an obstacle only if every document has one: that of the first.
    """
    several = len(each) > 1
    if several:
        each = [_without_undecided(one) for one in each]
    keeps_out = several and not with_processed
    left_out = [one for one in each if keeps_out and _is_done(one)]
    taken = [one for one in each if not (keeps_out and _is_done(one))]
    routes: dict[str, list[Route]] = {}
    for one in taken:
        for route in one.routes if one.obstacle is None else ():
            routes.setdefault(route.integration.id, []).append(route)
    sendable = [one for one in taken if one.obstacle is None]
    return SendSelection(
        offers=tuple(taken),
        rows=tuple(_row(tuple(of_one)) for of_one in routes.values()),
        sent_before=any(one.sent_before for one in sendable or left_out or each),
        several=several,
        left_out=tuple(left_out),
        obstacle=each[0].obstacle if each and not sendable and not left_out else None,
    )


def _without_undecided(one: Offer) -> Offer:
    return msgspec.structs.replace(one, obstacle=Obstacle.UNDECIDED) if one.document.is_undecided else one


def _is_done(one: Offer) -> bool:
    """Returns True if a document is marked as processed and could be sent."""
    return one.document.processed and one.obstacle is None


def planned(chosen: SendSelection, ticked: Collection[str], *, again: bool) -> SendPlan:
    """Returns the commands for a selection.

    Args:
        chosen: The selection.
        ticked: The ids of the ticked integrations.
        again: The user wants another copy of documents that have arrived.

    With one document a tick is enough to send another copy, and a receiver with look-up is asked first. With several
    documents only `again` sends copies, and for unknown deliveries a receiver with look-up is asked even then.
    """
    one_document = not chosen.several
    targets: dict[str, list[str]] = {}
    copies: list[WantedCopy] = []
    copies_if_gone: list[WantedCopy] = []
    used: set[str] = set()
    documents: set[str] = set()
    for one in chosen.offers:
        for route in one.routes if one.obstacle is None else ():
            if route.integration.id not in ticked or not (route.wanted or ((again or one_document) and route.possible)):
                continue
            used.add(route.integration.id)
            documents.add(one.document.id)
            if route.effect is SendEffect.SEND:
                targets.setdefault(one.document.id, []).append(route.integration.id)
            elif route.delivery is not None:
                anyway = again and (one_document or not route.wanted)
                (copies_if_gone if route.if_gone and not anyway else copies).append(_copy_of(route.delivery))
    return SendPlan(
        groups=_grouped(targets),
        copies=tuple(copies),
        copies_if_gone=tuple(copies_if_gone),
        integration_ids=frozenset(used),
        document_ids=frozenset(documents),
    )


def _route(integration: Integration, delivery: Delivery | None, kinds: Mapping[str, ReceiverKind]) -> Route:
    effect = effect_of(delivery, integration.destination)
    if_gone = effect is SendEffect.RESEND and kinds.get(integration.extension_id) is ReceiverKind.LOOKUP
    unknown = delivery is not None and delivery.state is DeliveryState.UNKNOWN
    return Route(
        integration=integration,
        delivery=delivery,
        effect=effect,
        wanted=effect is SendEffect.SEND or (if_gone and unknown),
        possible=effect is not SendEffect.NOTHING,
        if_gone=if_gone,
        elsewhere=delivery is not None and delivery.arrived_elsewhere(integration.destination),
    )


def _obstacle(document: Document, routes: tuple[Route, ...]) -> Obstacle | None:
    if document.is_withdrawn:
        return Obstacle.WITHDRAWN
    if document.replaced_by is not None:
        return Obstacle.REPLACED
    if not document.approved:
        return Obstacle.WAITS_FOR_CLIENT
    if not routes:
        return Obstacle.NO_ACTIVE_INTEGRATION
    if not any(route.possible for route in routes):
        return Obstacle.QUEUED_ALREADY
    return None


def _row(routes: tuple[Route, ...]) -> SendRow:
    there = [route.delivery for route in routes if route.delivery is not None and not route.elsewhere]
    return SendRow(
        integration=routes[0].integration,
        routes=routes,
        documents=len(routes),
        delivered=sum(delivery.state is DeliveryState.DELIVERED for delivery in there),
        failed=sum(delivery.state is DeliveryState.FAILED for delivery in there),
        unknown=sum(delivery.state is DeliveryState.UNKNOWN and not delivery.is_open for delivery in there),
        under_way=sum(delivery.is_open for delivery in there),
        first_time=sum(route.effect is SendEffect.SEND for route in routes),
        asked_first=sum(route.if_gone and route.wanted for route in routes),
        again=sum(route.effect is SendEffect.RESEND and not route.wanted for route in routes),
        elsewhere=sum(route.elsewhere for route in routes),
    )


def _copy_of(delivery: Delivery) -> WantedCopy:
    return WantedCopy(delivery_id=delivery.id, generation=delivery.generation)


def _grouped(targets: Mapping[str, Sequence[str]]) -> tuple[SendGroup, ...]:
    documents: dict[tuple[str, ...], list[str]] = {}
    for document_id, integration_ids in targets.items():
        documents.setdefault(tuple(integration_ids), []).append(document_id)
    return tuple(
        SendGroup(document_ids=tuple(document_ids), integration_ids=integration_ids)
        for integration_ids, document_ids in documents.items()
    )
