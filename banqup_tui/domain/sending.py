"""What "Send to integrations" would do for a document, and why it may not be possible.

The wording follows the first attempt, the effect follows the ledger (domain rule 5): SEND where nothing has arrived,
RESEND only where the ledger says delivered or unknown, and only where the user ticks it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.document import Document
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.values import Value


class Obstacle(StrEnum):
    """Why a document cannot be sent now; the terminal has a sentence for each."""

    NO_ACTIVE_INTEGRATION = "NO_ACTIVE_INTEGRATION"
    WAITS_FOR_CLIENT = "WAITS_FOR_CLIENT"
    QUEUED_ALREADY = "QUEUED_ALREADY"


class Effect(StrEnum):
    """What one integration gets: nothing it has is sent again unless ticked."""

    SEND = "SEND"
    RESEND = "RESEND"
    NOTHING = "NOTHING"


class Route(Value, frozen=True, kw_only=True):
    """One document towards one integration. `wanted`: sent without further question; `possible`: may be ticked."""

    integration: Integration
    delivery: Delivery | None
    effect: Effect
    wanted: bool
    possible: bool


class Offer(Value, frozen=True, kw_only=True):
    """`sent_before` chooses the wording: Send, or Resend. `obstacle` is set where nothing at all can be sent."""

    document: Document
    sent_before: bool
    routes: tuple[Route, ...]
    obstacle: Obstacle | None = None


def offer(document: Document, integrations: Iterable[Integration], deliveries: Iterable[Delivery]) -> Offer:
    """`integrations` are the client's own, `deliveries` the document's."""
    by_integration = {delivery.integration_id: delivery for delivery in deliveries}
    routes = tuple(
        _route(integration, by_integration.get(integration.id))
        for integration in integrations
        if integration.state is IntegrationState.ACTIVE
    )
    return Offer(
        document=document,
        sent_before=was_attempted(document, by_integration),
        routes=routes,
        obstacle=_obstacle(document, routes),
    )


def was_attempted(document: Document, by_integration: Mapping[str, Delivery]) -> bool:
    return document.attempted or any(delivery.attempts > 0 for delivery in by_integration.values())


def _route(integration: Integration, delivery: Delivery | None) -> Route:
    effect = effect_of(delivery)
    return Route(
        integration=integration,
        delivery=delivery,
        effect=effect,
        wanted=effect is Effect.SEND,
        possible=effect is not Effect.NOTHING,
    )


def effect_of(delivery: Delivery | None) -> Effect:
    """Nothing there yet, failed or cancelled: SEND. Delivered, or unknown and settled: RESEND. Under way: nothing."""
    if delivery is None or delivery.state in (DeliveryState.FAILED, DeliveryState.CANCELLED):
        return Effect.SEND
    if delivery.is_open:
        return Effect.NOTHING
    return Effect.RESEND


def _obstacle(document: Document, routes: tuple[Route, ...]) -> Obstacle | None:
    if not document.approved:
        return Obstacle.WAITS_FOR_CLIENT
    if not routes:
        return Obstacle.NO_ACTIVE_INTEGRATION
    if not any(route.possible for route in routes):
        return Obstacle.QUEUED_ALREADY
    return None
