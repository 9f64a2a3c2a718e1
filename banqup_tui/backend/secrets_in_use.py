"""Secrets of sign-ins that this process has used: a receiver or a provider may repeat any of them."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from threading import Lock

from banqup_tui.domain.secret import Secret

_MOST_SIGN_INS = 1024
_MOST_EACH = 8
"""Newest ones: the tokens of some renewals ago are good for nothing any more."""

_used: OrderedDict[str, deque[Secret]] = OrderedDict()
_lock = Lock()


def remember(sign_in: str, *secrets: Secret | None) -> None:
    """Called before the first of them is sent anywhere."""
    with _lock:
        known = _used.setdefault(sign_in, deque(maxlen=_MOST_EACH))
        known.extend(secret for secret in secrets if secret and secret not in known)
        _used.move_to_end(sign_in)
        while len(_used) > _MOST_SIGN_INS:
            _used.popitem(last=False)


def secrets_of_sign_in(sign_in: str) -> Iterable[Secret]:
    with _lock:
        return tuple(_used.get(sign_in, ()))
