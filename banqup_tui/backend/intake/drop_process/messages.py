"""What the service and the process of the SFTP drop say to each other, in MessagePack."""

import msgspec

from banqup_tui.backend.frames import frame
from banqup_tui.sources.drop_account import Account
from banqup_tui.sources.drop_spool import DropLimits


class _Message(msgspec.Struct, frozen=True, array_like=True):
    pass


class Listen(_Message, frozen=True, tag="Listen"):
    """The first of the service: where, and with what."""

    host: str
    port: int
    host_key: str
    spool: str
    account_ids: tuple[str, ...]
    limits: DropLimits


class LookRound(_Message, frozen=True, tag="LookRound"):
    """Something about the accounts may have changed."""


class Answer(_Message, frozen=True, tag="Answer"):
    """To a question of that number. `not_taken`: the sentence for the sender; `errno`: of the service's disk."""

    number: int
    account: Account | None = None
    sha256: str = ""
    not_taken: str | None = None
    errno: int | None = None


class Listening(_Message, frozen=True, tag="Listening"):
    """The process's answer to `Listen`. `errno`, `reason`: why it does not."""

    errno: int | None = None
    reason: str = ""


class AskAccount(_Message, frozen=True, tag="AskAccount"):
    number: int
    name: str


class TakeFile(_Message, frozen=True, tag="TakeFile"):
    number: int
    account_id: str
    path: str
    file: str


class TakeFileAgain(_Message, frozen=True, tag="TakeFileAgain"):
    number: int
    account_id: str
    path: str
    sha256: str


class Noted(_Message, frozen=True, tag="Noted"):
    """A line for the service's log."""

    level: int
    text: str


Question = AskAccount | TakeFile | TakeFileAgain
ToDrop = Listen | LookRound | Answer
ToService = Listening | AskAccount | TakeFile | TakeFileAgain | Noted

_encoder = msgspec.msgpack.Encoder()
# Made at the import: two threads that decode a type for the first time at once bring the process down (msgspec 0.22).
to_drop: msgspec.msgpack.Decoder[ToDrop] = msgspec.msgpack.Decoder(ToDrop)
to_service: msgspec.msgpack.Decoder[ToService] = msgspec.msgpack.Decoder(ToService)


def framed(message: _Message) -> bytes:
    return frame(_encoder.encode(message))
