"""Says why a payment was sent back, by the reason codes of ISO 20022, which CODA, CAMT and MT940 share."""

from __future__ import annotations

import re

from banqup_tui.domain.messages import Message, message


def returned(kind: str, reason: str) -> tuple[Message, ...]:
    """Returns the message of a payment that was sent back.

    Args:
        kind: `reject`, `return`, `refund`, `reversal` or `cancellation`.
        reason: An external return reason code of ISO 20022 such as `AC04`, or nothing.
    """
    code = reason.strip().upper()
    if re.fullmatch("[A-Z]{2}[A-Z0-9]{2}", code) is None:
        return (message("movement.returned", kind=kind),)
    return (message("movement.returned-because", kind=kind, reason=code),)
