"""Turns the refusals of a WebDAV server into `NotSent`, `Rejected` or `Uncertain`."""

from banqup_tui.connectors.common.http_answer import HttpAnswer
from banqup_tui.connectors.common.http_faults import excerpt, refusal
from banqup_tui.connectors.interface import Fault, NotSent, Rejected
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message


def not_signed_in(answer: HttpAnswer, where: str) -> BanqupError:
    """Returns the error for a root address that did not answer as WebDAV."""
    if answer.status == 401:
        return _wrong_password(where)
    if answer.status in (404, 405, 410, 501) or answer.good:
        return NotSent(message("webdav.not-webdav", server=where), fault=Fault.PERSON)
    return refusal(answer, where, begun=False)


def not_written(answer: HttpAnswer, where: str, directory: str, *, begun: bool) -> BanqupError:
    """Returns the error for a refused write. `begun`: it was the move, so only a clear answer is certain."""
    folder = directory or "/"
    match answer.status:
        case 401:
            return _wrong_password(where)
        case 403:
            return NotSent(
                message("webdav.not-writable", quote=excerpt(answer), server=where, directory=folder),
                fault=Fault.PERSON,
            )
        case 404 | 405 | 409:
            return NotSent(
                message("webdav.no-folder", quote=excerpt(answer), directory=folder, server=where), fault=Fault.PERSON
            )
        case 400 | 414 | 422:
            return Rejected(message("webdav.name-refused", quote=excerpt(answer), server=where, directory=folder))
        case 423:
            return NotSent(message("webdav.folder-locked", directory=folder, server=where), fault=Fault.INTEGRATION)
        case 507:
            return NotSent(message("webdav.no-room", server=where), fault=Fault.INTEGRATION)
    return refusal(answer, where, begun=begun)


def stored_less(where: str, size_there: int, size: int) -> NotSent:
    return NotSent(message("webdav.stored-less", server=where, stored=size_there, size=size), fault=Fault.INTEGRATION)


def _wrong_password(where: str) -> NotSent:
    return NotSent(message("webdav.sign-in-refused", server=where), fault=Fault.PERSON)
