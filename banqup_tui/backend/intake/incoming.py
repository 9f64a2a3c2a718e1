"""Files that arrived and are not yet documents."""

from datetime import date
from typing import Final

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.values import Value

BY_HAND: Final = "import"


class Arrival(Value, frozen=True, kw_only=True):
    """A file that arrived.

    Attributes:
        source: path of a watched folder, `import`, or `sftp` with the account's name.
        path: path relative to the source, a hint for the sorter.
        bound: client and folder come from the channel, not from a person's choice.
    """

    file_name: str
    client_id: str | None = None
    folder: Folder | None = None
    create_clients: bool = False
    approved: bool = True
    path: str | None = None
    dated: date | None = None
    source: str = BY_HAND
    source_id: str | None = None
    bound: bool = False


class Incoming(Arrival, frozen=True, kw_only=True):
    """A file that arrived and whose bytes are stored."""

    sha256: str
