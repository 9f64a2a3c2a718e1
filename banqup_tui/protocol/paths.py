"""The paths of the service's HTTP calls. `{s}` is the space."""

from urllib.parse import quote

INSTANCE = "/v1/instance"
RETIRE = "/v1/instance/retire"
SPACES = "/v1/spaces"

SNAPSHOT = "/v1/spaces/{s}/snapshot"
DOCUMENTS = "/v1/spaces/{s}/documents"
CHANGES = "/v1/spaces/{s}/changes"
EVENTS = "/v1/spaces/{s}/events"
COMMANDS = "/v1/spaces/{s}/commands"
COMMAND = "/v1/spaces/{s}/commands/{key}"
FILES = "/v1/spaces/{s}/files"
FILE = "/v1/spaces/{s}/files/{sha256}"
EXTENSIONS = "/v1/spaces/{s}/extensions"
TESTS = "/v1/spaces/{s}/tests"
SIGN_INS = "/v1/spaces/{s}/sign-ins"
SIGN_IN = "/v1/spaces/{s}/sign-ins/{sign_in_id}"
MAILBOX_PASSWORD = "/v1/spaces/{s}/sources/{source_id}/password"
MAILBOX_SIGN_INS = "/v1/spaces/{s}/mailbox-sign-ins"
SOURCE_TEST = "/v1/spaces/{s}/sources/{source_id}/test"
BACKFILL = "/v1/spaces/{s}/backfill"
UNFILED = "/v1/spaces/{s}/to-place"

DELIVERIES = "/v1/spaces/{s}/deliveries"
ATTEMPTS = "/v1/spaces/{s}/deliveries/{delivery_id}/attempts"
PROCESSED = "/v1/spaces/{s}/documents/{document_id}/processed"
INTEGRATION = "/v1/spaces/{s}/integrations/{integration_id}"
PAUSE = "/v1/spaces/{s}/integrations/{integration_id}/pause"
RESUME = "/v1/spaces/{s}/integrations/{integration_id}/resume"
OPENAPI = "/v1/openapi.json"


def filled(path: str, space: str, **parts: str) -> str:
    """Returns a path with its parts, quoted: ids that come from a server must not add components to the path."""
    return path.format(s=quote(space, safe=""), **{name: quote(part, safe="") for name, part in parts.items()})
