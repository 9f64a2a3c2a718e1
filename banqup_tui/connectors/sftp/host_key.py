"""Fingerprints of host keys as users enter them."""

import re

_FINGERPRINT = re.compile(r"SHA256:([A-Za-z0-9+/]{43})=?$")


def fingerprints_of(text: str) -> frozenset[str]:
    """Returns the fingerprints in the text, in the form of `ssh-keygen -l`; empty if any word is not a fingerprint."""
    found = [_FINGERPRINT.fullmatch(word) for word in text.replace(",", " ").split()]
    return frozenset(f"SHA256:{one.group(1)}" for one in found if one) if all(found) else frozenset()
