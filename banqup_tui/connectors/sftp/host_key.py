"""The fingerprint of a server's key, as people write it."""

import re

_FINGERPRINT = re.compile(r"SHA256:([A-Za-z0-9+/]{43})=?$")


def fingerprints_of(text: str) -> frozenset[str]:
    """One or several, written as `ssh-keygen -l` shows them; empty if any is not a fingerprint."""
    found = [_FINGERPRINT.fullmatch(word) for word in text.replace(",", " ").split()]
    return frozenset(f"SHA256:{one.group(1)}" for one in found if one) if all(found) else frozenset()
