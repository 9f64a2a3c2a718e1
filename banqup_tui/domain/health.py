"""The health of an integration, and the summary of all integrations of an installation."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from banqup_tui.domain.extension import Extension
from banqup_tui.domain.integration import Integration, IntegrationState, Trouble
from banqup_tui.domain.values import Value

SOON = timedelta(days=14)
"""The time before the end of a sign-in from which on it is shown."""


class Health(StrEnum):
    """The health of an integration, the worst first.

    The first four need a person. NO_ANSWER is tried again by itself; EXPIRES_SOON still works.
    """

    NOT_LOADING = "NOT_LOADING"
    SIGN_IN_EXPIRED = "SIGN_IN_EXPIRED"
    SIGN_IN_REFUSED = "SIGN_IN_REFUSED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    NO_ANSWER = "NO_ANSWER"
    EXPIRES_SOON = "EXPIRES_SOON"
    PAUSED = "PAUSED"
    WELL = "WELL"

    @property
    def needs_a_person(self) -> bool:
        return self in (Health.NOT_LOADING, Health.SIGN_IN_EXPIRED, Health.SIGN_IN_REFUSED, Health.NEEDS_ATTENTION)

    @property
    def is_well(self) -> bool:
        return self in (Health.WELL, Health.PAUSED)


class Summary(Value, frozen=True, kw_only=True):
    """Counts of the integrations of one installation, of their clients, and of their health.

    `worst` is WELL if there are none. A client may have several integrations of one extension.
    """

    total: int = 0
    clients: int = 0
    active: int = 0
    paused: int = 0
    need_attention: int = 0
    no_answer: int = 0
    worst: Health = Health.WELL
    last_sent_at: datetime | None = None


def health_of(integration: Integration, extension: Extension | None, now: datetime) -> Health:
    """Returns the health of an integration.

    Args:
        extension: The extension in the Store, `None` if it is not there any more.
        now: An aware time.
    """
    until = integration.sign_in_until
    if extension is None or extension.problem is not None or integration.trouble is Trouble.EXTENSION:
        return Health.NOT_LOADING
    if until is not None and until <= now:
        return Health.SIGN_IN_EXPIRED
    if integration.state is IntegrationState.BROKEN:
        return Health.SIGN_IN_REFUSED if integration.trouble is Trouble.SIGN_IN else Health.NEEDS_ATTENTION
    if integration.state is not IntegrationState.ACTIVE:
        return Health.PAUSED
    if integration.failing_since is not None:
        return Health.NO_ANSWER
    return Health.EXPIRES_SOON if until is not None and until <= now + SOON else Health.WELL


def summary(integrations: Iterable[Integration], extension: Extension | None, now: datetime) -> Summary:
    """Summarizes the integrations that are not removed. `active` counts those that send, of any health."""
    present = [one for one in integrations if one.state is not IntegrationState.REMOVED]
    found = Counter(health_of(one, extension, now) for one in present)
    order = list(Health)
    return Summary(
        total=len(present),
        clients=len({one.client_id for one in present}),
        active=found[Health.WELL] + found[Health.EXPIRES_SOON] + found[Health.NO_ANSWER],
        paused=found[Health.PAUSED],
        need_attention=sum(number for one, number in found.items() if one.needs_a_person),
        no_answer=found[Health.NO_ANSWER],
        worst=min(found, key=order.index, default=Health.WELL),
        last_sent_at=max((one.last_sent_at for one in present if one.last_sent_at is not None), default=None),
    )
