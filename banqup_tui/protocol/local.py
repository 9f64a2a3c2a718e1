"""How a terminal and the local backend find and trust each other (docs/protocol.md, start-up)."""

import hashlib
import hmac

from banqup_tui.domain.values import Value

LOCK_FILE = "backend.lock"
ENDPOINT_FILE = "endpoint.json"
NONCE_HEADER = "Banqup-Nonce"
PROOF_HEADER = "Banqup-Proof"
EXIT_ALREADY_RUNNING = 75
EXIT_NEWER_VERSION = 76
EXIT_CANNOT_START = 78
"""It has said in one sentence what is in the way, and trying again would not help."""
LOG_FILE = "backend.log"


class Endpoint(Value, frozen=True, kw_only=True):
    """Content of `endpoint.json` (mode 0600): where the running backend listens, on loopback."""

    port: int
    token: str
    instance_id: str
    protocol: int
    space_id: str
    pid: int


def proof_of(token: str, nonce: str) -> str:
    """HMAC-SHA256 over the nonce, in hex: only who holds the token can give it."""
    return hmac.new(token.encode(), nonce.encode(), hashlib.sha256).hexdigest()
