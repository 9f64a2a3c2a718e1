"""A file that came in, before it is a document."""

from datetime import date
from typing import Final

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.values import Value

BY_HAND: Final = "import"


class Arrival(Value, frozen=True, kw_only=True):
    """A file that came in. `source` is a folder's path, `import`, or `sftp` with the account's name.

    `path` is a hint, relative. `bound`: the client and the folder are those of the channel, not a person's choice.
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
    """A file that came in and whose bytes are in the store."""

    sha256: str
