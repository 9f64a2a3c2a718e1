"""Files and exit codes by which a terminal and the local backend find each other (docs/protocol.md, "Start-up")."""

from pathlib import Path

from banqup_tui.domain.values import Value

LOCK_FILE = "backend.lock"
ENDPOINT_FILE = "endpoint.json"
EXIT_ALREADY_RUNNING = 75
EXIT_NEWER_VERSION = 76
EXIT_CANNOT_START = 78
"""The backend has written one message with the reason to stderr, and another try would fail the same way."""
LOG_FILE = "backend.log"
AS_MESSAGES = "BANQUP_AS_MESSAGES"
"""The environment variable with which the service writes each message to stderr as a line of JSON, for the program
that started it; without it, as a sentence."""
CONTENT_DIRECTORY = "files"
"""The subdirectory of the local backend with the bytes of documents, each file named by its SHA-256."""


def content_path(backend: Path, sha256: str) -> Path:
    """Returns the path at which the local backend stores these bytes."""
    return backend / CONTENT_DIRECTORY / sha256[:2] / sha256


class Endpoint(Value, frozen=True, kw_only=True, omit_defaults=True):
    """The running backend as it describes itself in `endpoint.json` (mode 0600).

    `socket` is the path of its Unix socket. `host`, `port` and `token` are set only if it also listens on TCP.
    """

    socket: str
    instance_id: str
    protocol: int
    space_id: str
    pid: int
    host: str | None = None
    port: int | None = None
    token: str | None = None
