"""The event stream: it only hints that a pull is worth while, so nothing is lost when it is."""

from collections.abc import Callable

import msgspec

from banqup_tui.sync.server import ServerLike


async def follow(server: ServerLike, on_open: Callable[[], None], on_hint: Callable[[int], None]) -> None:
    """Call `on_hint` with each number heard, until the server says goodbye. Raises one of sync.errors when cut off."""
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
