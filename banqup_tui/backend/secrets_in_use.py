"""Remembers the secrets of sign-ins that this process has used, because a receiver may repeat any of them."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from threading import Lock

from banqup_tui.domain.secret import Secret

_MOST_SIGN_INS = 1024
_MOST_EACH = 8
"""Secrets remembered for each sign-in. Tokens of earlier renewals are no longer valid."""

_used: OrderedDict[str, deque[Secret]] = OrderedDict()
_lock = Lock()


def remember(sign_in: str, *secrets: Secret | None) -> None:
    """Remembers secrets of a sign-in. Call it before they are sent anywhere. Safe from any thread."""
    with _lock:
        known = _used.setdefault(sign_in, deque(maxlen=_MOST_EACH))
        known.extend(secret for secret in secrets if secret and secret not in known)
        _used.move_to_end(sign_in)
        while len(_used) > _MOST_SIGN_INS:
            _used.popitem(last=False)


def secrets_of_sign_in(sign_in: str) -> Iterable[Secret]:
    """Returns the remembered secrets of a sign-in, oldest first."""
    with _lock:
        return tuple(_used.get(sign_in, ()))
