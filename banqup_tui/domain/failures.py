"""Groups failed and unknown deliveries by their cause, and plans how a group is tried again."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from banqup_tui.domain.causes import message_of
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.messages import Message
from banqup_tui.domain.values import Value


class Part(Value, frozen=True, kw_only=True):
    """The deliveries of a group at one integration, which may be removed."""

    integration_id: str
    client_id: str
    label: str
    state: IntegrationState
    count: int


class FailureGroup(Value, frozen=True, kw_only=True):
    """The failures of one extension with the same state (FAILED or UNKNOWN) and the same cause (domain.causes).

    `parts` has the integration with the most failures first. `key` is short and depends on extension, state and cause
    alone.
    """

    key: str
    extension_id: str
    state: DeliveryState
    cause: str
    parts: tuple[Part, ...]

    @property
    def message(self) -> Message | None:
        return message_of(self.cause)

    @property
    def count(self) -> int:
        return sum(part.count for part in self.parts)

    @property
    def clients(self) -> int:
        return len({part.client_id for part in self.parts})


class Failing(Value, frozen=True, kw_only=True):
    """One delivery of a group, with the values that a retry or a dismissal needs."""

    delivery_id: str
    document_id: str
    integration_id: str
    client_id: str
    generation: int
    state: DeliveryState
    attempts: int = 0
    reason: Message | None = None
    updated_at: datetime | None = None


def key_of(extension_id: str, state: DeliveryState, cause: str) -> str:
    return hashlib.sha256(f"{extension_id}\n{state}\n{cause}".encode()).hexdigest()[:8]


def grouped(counts: Mapping[tuple[str, str, str], int], integrations: Mapping[str, Integration]) -> list[FailureGroup]:
    """Groups failures; the largest group comes first.

    `counts` are by integration id, state and cause. Failures of an integration that is not in `integrations` are left
    out.
    """
    parts: dict[tuple[str, str, str], list[Part]] = {}
    for (integration_id, state, cause), count in counts.items():
        found_integration = integrations.get(integration_id)
        if found_integration is not None and count > 0:
            part = Part(
                integration_id=found_integration.id,
                client_id=found_integration.client_id,
                label=found_integration.label,
                state=found_integration.state,
                count=count,
            )
            parts.setdefault((found_integration.extension_id, state, cause), []).append(part)
    groups = [
        FailureGroup(
            key=key_of(extension_id, DeliveryState(state), cause),
            extension_id=extension_id,
            state=DeliveryState(state),
            cause=cause,
            parts=tuple(sorted(of_group, key=lambda part: (-part.count, part.label, part.integration_id))),
        )
        for (extension_id, state, cause), of_group in parts.items()
    ]
    return sorted(groups, key=lambda group: (-group.count, group.extension_id, group.cause, group.state))


class Retry(Value, frozen=True, kw_only=True):
    """The commands that try failures again.

    `resumed` are the broken integrations that are resumed first, `rounds` the deliveries of each SEND, `copies` those
    of a RESEND. `left_out` counts deliveries of paused and removed integrations.
    """

    resumed: tuple[str, ...] = ()
    rounds: tuple[tuple[Failing, ...], ...] = ()
    copies: tuple[Failing, ...] = ()
    left_out: int = 0

    @property
    def count(self) -> int:
        return sum(map(len, self.rounds)) + len(self.copies)


def retry_of(failing: Iterable[Failing], integrations: Mapping[str, Integration]) -> Retry:
    """Plans the retry of failures. FAILED deliveries are sent; UNKNOWN ones get another copy, which may arrive twice.

    A round has at most one integration of each client, because SEND sends every document of it to every integration:
    with two, a document would also go to an integration at which it has not failed.
    """
    possible: list[Failing] = []
    left_out = 0
    for one in failing:
        found_integration = integrations.get(one.integration_id)
        if found_integration is not None and found_integration.state in (
            IntegrationState.ACTIVE,
            IntegrationState.BROKEN,
        ):
            possible.append(one)
        else:
            left_out += 1
    broken = {one.integration_id for one in possible if _is_broken(integrations[one.integration_id])}
    return Retry(
        resumed=tuple(sorted(broken)),
        rounds=tuple(_rounds([one for one in possible if one.state is DeliveryState.FAILED])),
        copies=tuple(one for one in possible if one.state is DeliveryState.UNKNOWN),
        left_out=left_out,
    )


def _is_broken(integration: Integration) -> bool:
    return integration.state is IntegrationState.BROKEN


def _rounds(failing: Sequence[Failing]) -> Iterator[tuple[Failing, ...]]:
    order: dict[str, dict[str, int]] = {}
    rounds: dict[int, list[Failing]] = {}
    for one in failing:
        of_client = order.setdefault(one.client_id, {})
        number = of_client.setdefault(one.integration_id, len(of_client))
        rounds.setdefault(number, []).append(one)
    for number in sorted(rounds):
        yield tuple(rounds[number])
