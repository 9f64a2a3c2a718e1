"""Answer of an HTTP server, as the client gives it to connectors and to what judges it."""

from collections.abc import Mapping

import msgspec


class HttpAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP answer.

    Attributes:
        headers: by name in lower case.
        whole: the body ended properly; `False` if it was cut off, too long or of an unknown encoding.
    """

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    whole: bool = True

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300
