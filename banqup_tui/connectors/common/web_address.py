"""Checks of server addresses in settings: https, and plain http only to this machine."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from banqup_tui.connectors.interface import SettingProblem
from banqup_tui.domain.messages import message


def is_this_machine(url: str) -> bool:
    """Tells whether the address is `localhost` or a loopback number. It makes no DNS query."""
    host = _split(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def server_of(url: str) -> str:
    """Returns host and unusual port, as messages name the server: `cloud.example`, `cloud.example:8443`."""
    parts = _split(url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    port = _port(parts)
    return shown if port in (None, 443 if parts.scheme == "https" else 80) else f"{shown}:{port}"


def address_problems(field: str, url: str, example: str) -> list[SettingProblem]:
    """Returns the problems of a server address that need no question to the server."""
    parts = _split(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or _port(parts) == 0 or _has_blanks(url):
        return [SettingProblem(field=field, message=message("setting.not-an-address", example=example))]
    if parts.username is not None or parts.password is not None:
        return [SettingProblem(field=field, message=message("setting.name-in-address"))]
    if parts.fragment:
        return [SettingProblem(field=field, message=message("setting.fragment-in-address"))]
    if parts.scheme == "http" and not is_this_machine(url):
        return [SettingProblem(field=field, message=message("setting.http-is-read"))]
    return []


def _split(url: str) -> SplitResult:
    """Splits the address; one that cannot be parsed has only empty parts."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _port(parts: SplitResult) -> int | None:
    """Returns the port; 0 if it is out of range."""
    try:
        return parts.port
    except ValueError:
        return 0


def _has_blanks(url: str) -> bool:
    return any(letter.isspace() or not letter.isprintable() for letter in url)
