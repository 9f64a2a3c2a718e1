"""Follows the server's event stream. Events only hasten the next pull, so a lost event loses nothing."""

from collections.abc import Callable

import msgspec

from banqup_tui.sync.server import ServerLike


async def follow(server: ServerLike, on_open: Callable[[], None], on_hint: Callable[[int], None]) -> None:
    """Calls `on_hint` with each change number, until the server ends the stream (`bye`).

    Raises an error of sync.errors if the connection is cut off.
    """
    async with server.events() as lines:
        on_open()
        event = ""
        async for line in lines:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                event = value
            elif name == "data" and event == "changed":
                number = _number(value)
                if number is not None:
                    on_hint(number)
            elif not line:
                if event == "bye":
                    return
                event = ""


def _number(data: str) -> int | None:
    try:
        return msgspec.json.decode(data, type=dict[str, int]).get("seq")
    except msgspec.MsgspecError:
        return None
