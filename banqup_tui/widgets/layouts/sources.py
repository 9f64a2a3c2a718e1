"""Sources of documents: a line for each with its state, and the details of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from banqup_tui.domain.source import DropAccount, Source, SourceKind
from banqup_tui.presentation.folders import FOLDER_NAMES
from banqup_tui.presentation.formats import count, moment
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.sources import KIND_NAMES
from banqup_tui.presentation.words import _
from banqup_tui.widgets.list_view import BuildItems, Item
from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_lines import BLANK, Line, fitted, labelled, left, paragraph, right
from banqup_tui.widgets.theme import Token

_VALUE = 14
_KIND = 20


def source_items(sources: Sequence[Source], today: date) -> BuildItems:
    def build(width: int) -> tuple[Line | None, Sequence[Item]]:
        times = [_last(source, today, short=True) for source in sources]
        at = width - max(map(width_of, (*times, _("Last arrival"))), default=0)
        taken = at - 2
        path_ends = taken - max(width_of(_("Taken")), 7) - 2
        labels = (
            left(2, _("Source"), "muted"),
            fitted(_KIND + 2, path_ends, _("Where"), "muted"),
            right(taken, _("Taken"), "muted"),
            right(width, _("Last arrival"), "muted"),
        )
        return labels, [
            Item(source.id, _line(source, last, path_ends, taken, width))
            for source, last in zip(sources, times, strict=True)
        ]

    return build


def _line(source: Source, last: str, path_ends: int, taken: int, width: int) -> Line:
    token: Token = "warn" if source.problems else "ok"
    return (
        left(0, sign("warning" if source.problems else "done"), token, bold=bool(source.problems)),
        fitted(2, _KIND, _(KIND_NAMES[source.kind])),
        fitted(_KIND + 2, path_ends, source.path, "muted"),
        right(taken, count(source.taken)),
        right(width, last, "muted"),
    )


def source_details(source: Source, clients: Mapping[str, str], today: date, width: int) -> list[Line]:
    """Returns the lines on one source. `clients` are names by id."""
    lines: list[Line] = [(fitted(0, width, _(KIND_NAMES[source.kind]), "strong", bold=True),), BLANK]
    for problem in source.problems:
        why = paragraph(2, width, sentence_of(problem), "warn")
        lines += [(left(0, sign("warning"), "warn", bold=True), *why[0]), *why[1:]]
        if remedy := remedy_of(problem):
            lines += paragraph(2, width, remedy, "muted")
    if source.problems:
        lines.append(BLANK)
    for label, text in _facts(source, today):
        lines += labelled(label, _VALUE, width, text)
    if source.kind is SourceKind.SFTP_DROP:
        lines += [BLANK, *_accounts(source.accounts, clients, width)]
    return lines


def state_words(source: Source) -> tuple[str, bool]:
    """Returns the state of a source on one line, and whether it is a problem."""
    if source.problems:
        return sentence_of(source.problems[0]), True
    return _("Nothing is wrong with it."), False


def _facts(source: Source, today: date) -> Iterator[tuple[str, str]]:
    if not source.problems:
        yield _("State"), state_words(source)[0]
    yield _("Where"), source.path
    yield _("Taken"), count(source.taken)
    if source.refused:
        yield _("To place"), count(source.refused)
    yield _("Last arrival"), _last(source, today)
    if source.move_to:
        yield _("Moved to"), source.move_to
    if source.letters:
        yield _("Left unread"), _("{count} mails without a document").format(count=count(source.letters))
    if source.fingerprint:
        yield _("Host key"), source.fingerprint


def _accounts(accounts: Sequence[DropAccount], clients: Mapping[str, str], width: int) -> Iterator[Line]:
    yield (left(0, _("Accounts"), "strong", bold=True),)
    for account in accounts:
        bound = [clients.get(account.client_id or "", ""), _(FOLDER_NAMES[account.folder]) if account.folder else ""]
        yield from labelled(account.name, _VALUE, width, ", ".join(part for part in bound if part) or _("by content"))
    if not accounts:
        yield from paragraph(0, width, _("Nobody may come in yet: banqup sources accounts add NAME."), "muted")


def _last(source: Source, today: date, *, short: bool = False) -> str:
    return moment(source.last_at.astimezone(), today, short=short) if source.last_at else _("nothing yet")
