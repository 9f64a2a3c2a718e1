"""Base64 inside XML."""

from __future__ import annotations

import binascii


def decoded_payload(text: str) -> bytes | None:
    """The bytes of a base64 text, white space and missing padding allowed; None where it is damaged or
    empty.
    """
    compact = "".join(text.split())
    try:
        return binascii.a2b_base64(compact + "=" * (-len(compact) % 4), strict_mode=True) or None
    except (binascii.Error, ValueError):
        return None
