"""Messages between the service and the drop process, in MessagePack."""

import msgspec

from banqup_tui.backend.frames import frame
from banqup_tui.sources.drop_account import Account
from banqup_tui.sources.drop_spool import DropLimits


class _Message(msgspec.Struct, frozen=True, array_like=True):
    pass


class Listen(_Message, frozen=True, tag="Listen"):
    """First message of the service: the address and the parameters of the drop."""

    host: str
    port: int
    host_key: str
    spool: str
    account_ids: tuple[str, ...]
    limits: DropLimits


class RefreshAccounts(_Message, frozen=True, tag="LookRound"):
    """Tells the process to read the accounts again."""


class DropAnswer(_Message, frozen=True, tag="Answer"):
    """Answer of the service to a question.

    `not_taken`: sentence for the sender; `errno`: error of the service's disk.
    """

    number: int
    account: Account | None = None
    sha256: str = ""
    not_taken: str | None = None
    errno: int | None = None


class Listening(_Message, frozen=True, tag="Listening"):
    """Answer of the process to `Listen`. `errno`, `reason`: why it does not listen."""

    errno: int | None = None
    reason: str = ""


class AskAccount(_Message, frozen=True, tag="AskAccount"):
    """Asks for the account of a user name."""

    number: int
    name: str


class TakeFile(_Message, frozen=True, tag="TakeFile"):
    """Asks to store and import a file of the spool. `path`: the sender's name; `file`: relative to the spool."""

    number: int
    account_id: str
    path: str
    file: str


class TakeFileAgain(_Message, frozen=True, tag="TakeFileAgain"):
    """Asks to import a stored file under another path."""

    number: int
    account_id: str
    path: str
    sha256: str


class Noted(_Message, frozen=True, tag="Noted"):
    """A line for the service's log."""

    level: int
    text: str


Question = AskAccount | TakeFile | TakeFileAgain
ToDrop = Listen | RefreshAccounts | DropAnswer
ToService = Listening | AskAccount | TakeFile | TakeFileAgain | Noted

_encoder = msgspec.msgpack.Encoder()
# Built at import: msgspec 0.22 crashes if two threads decode a type for the first time at once.
to_drop: msgspec.msgpack.Decoder[ToDrop] = msgspec.msgpack.Decoder(ToDrop)
to_service: msgspec.msgpack.Decoder[ToService] = msgspec.msgpack.Decoder(ToService)


def framed(message: _Message) -> bytes:
    return frame(_encoder.encode(message))
