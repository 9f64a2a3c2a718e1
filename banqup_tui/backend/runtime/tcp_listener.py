"""TCP address of the service (`banqup serve --listen`) and the host names that it accepts."""

import ipaddress
import os
import socket
from collections.abc import Sequence

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.protocol.local import EXIT_CANNOT_START

_BACKLOG = 128


class WrongAddress(BanqupError):
    """The address is not `HOST:PORT`."""

    exit_code = EXIT_CANNOT_START

    def __init__(self, address: str) -> None:
        super().__init__(message("service.wrong-address", address=repr(address)))


class AddressNotFree(BanqupError):
    """The address cannot be used: another program listens there, or it is not of this computer."""

    exit_code = EXIT_CANNOT_START

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(message("service.address-not-free", reason, address=address))


class Hosts:
    """The accepted values of `Host`.

    In DNS rebinding a page makes the browser send the page's own name. So a name is accepted only if it is known;
    addresses are always accepted.
    """

    def __init__(self, listening_on: str, names: Sequence[str] = ()) -> None:
        known = {"localhost", listening_on, socket.gethostname(), *names}
        self._names = {name.lower().rstrip(".") for name in known if name}

    def __contains__(self, host: object) -> bool:
        if not isinstance(host, str):
            return False
        name = host.rpartition(":")[0] if _has_port(host) else host
        name = name.strip("[]").lower().rstrip(".")
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdigit() and (host.count(":") == 1 or "]:" in host)


def parsed(address: str) -> tuple[str, int]:
    """Returns host and port of `HOST:PORT`. Raises `WrongAddress`."""
    host, colon, port = address.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not bare or (":" in bare and bare == host) or not (port.isascii() and port.isdigit()):
        raise WrongAddress(address)
    if len(port) > 5 or int(port) > 65535:
        raise WrongAddress(address)
    return bare, int(port)


def listening_on(host: str, port: int) -> socket.socket:
    """Returns a listening socket. Raises `AddressNotFree`."""
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(where[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise AddressNotFree(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", reason) from None
