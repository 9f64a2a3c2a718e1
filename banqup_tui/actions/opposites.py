"""What takes back a command that the server has done already: the opposite command, where there is one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.protocol.commands import (
    Cancel,
    CommandBody,
    PauseIntegration,
    Resend,
    ResumeIntegration,
    Send,
    SetProcessed,
)

_KEYS = uuid.UUID("6f0d5f0e-6c0e-5d1b-8a35-2a1f3a1f9b44")

REVERSIBLE: tuple[type[CommandBody], ...] = (Send, Resend, SetProcessed, PauseIntegration)


def key_of_opposite(key: str) -> str:
    """The same in every terminal, so that nothing is taken back twice."""
    return str(uuid.uuid5(_KEYS, key))


def opposite(body: CommandBody, deliveries: Iterable[Delivery]) -> CommandBody | None:
    """`deliveries`: of the documents that the command concerned. None where it is too late, or never possible."""
    match body:
        case SetProcessed(document_ids=ids, processed=processed):
            return SetProcessed(document_ids=ids, processed=not processed)
        case PauseIntegration(integration_id=one):
            return ResumeIntegration(integration_id=one)
        case Send(integration_ids=wanted):
            return _cancel(delivery for delivery in deliveries if wanted is None or delivery.integration_id in wanted)
        case Resend(copies=copies):
            asked = {copy.delivery_id for copy in copies}
            return _cancel(delivery for delivery in deliveries if delivery.id in asked)
    return None


def _cancel(deliveries: Iterable[Delivery]) -> Cancel | None:
    queued = tuple(delivery.id for delivery in deliveries if delivery.state is DeliveryState.QUEUED)
    return Cancel(delivery_ids=queued) if queued else None
