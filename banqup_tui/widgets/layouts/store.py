"""The Banqup Store: extensions by category, and the details of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from banqup_tui.domain.causes import cause_of
from banqup_tui.domain.extension import (
    Category,
    Extension,
    Installation,
    InstallationState,
    ReceiverKind,
)
from banqup_tui.domain.health import Health, Summary
from banqup_tui.domain.integration import Integration
from banqup_tui.presentation.formats import count, size
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import N_, _, ngettext, own_text
from banqup_tui.widgets.layouts.deliveries import local_moment
from banqup_tui.widgets.layouts.integrations import folders_words, health_words, title_of
from banqup_tui.widgets.list_view import BuildItems, Item
from banqup_tui.widgets.text_lines import BLANK, Line, fitted, labelled, left, paragraph, right
from banqup_tui.widgets.theme import Token

_CATEGORIES: Mapping[Category, str] = {
    Category.ACCOUNTING_SOFTWARE: N_("Accounting software"),
    Category.FILES_AND_DRIVES: N_("Files and drives"),
    Category.MAIL_AND_SIGNALS: N_("Mail and signals"),
    Category.OTHER: N_("Others"),
}
_DOUBLES: Mapping[ReceiverKind, str] = {
    ReceiverKind.KEY: N_("none: the receiver knows the key of each document"),
    ReceiverKind.RENAME: N_("none: a document appears whole, under its name, once"),
    ReceiverKind.LOOKUP: N_("none: the receiver is asked before anything is sent again"),
    ReceiverKind.NEITHER: N_("the receiver cannot be asked: our own ledger"),
}
_MEDIA = {
    "application/xml": "XML",
    "text/xml": "XML",
    "application/pdf": "PDF",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
}
_VALUE = 14
MOST_CAUSES = 3
NOBODY = Summary()


def extension_state(
    extension: Extension, installation: Installation | None, health: Summary = NOBODY
) -> tuple[str, Token]:
    """Returns sign and word of the state as one text, with its colour; empty if it is not installed."""
    if not extension.allowed:
        return f"{sign('warning')} {_('Not allowed')}", "warn"
    if extension.problem:
        return f"{sign('warning')} {_('Does not load')}", "warn"
    if installation is None:
        return "", "text"
    if installation.state is InstallationState.NEEDS_ATTENTION:
        return f"{sign('error')} {_('Needs attention')}", "error"
    if not health.worst.is_well:
        mark, token, word = health_words(health.worst)
        return f"{mark} {word}", token
    return f"{sign('done')} {_('Installed')}", "ok"


def extension_items(
    extensions: Sequence[Extension], installations: Mapping[str, Installation], health: Mapping[str, Summary]
) -> BuildItems:
    """Returns the builder of the list. `installations` and `health` are by extension."""

    def build(width: int) -> tuple[Line | None, Sequence[Item]]:
        state = max(width - 28, 20)
        labels = (
            left(0, _("Extension"), "muted"),
            left(state, _("State"), "muted"),
            right(width, _("Clients"), "muted"),
        )
        return labels, list(_items(extensions, installations, health, width, state))

    return build


def _items(
    extensions: Sequence[Extension],
    installations: Mapping[str, Installation],
    health: Mapping[str, Summary],
    width: int,
    state: int,
) -> Iterator[Item]:
    for category, heading in _CATEGORIES.items():
        of_category = [extension for extension in extensions if extension.category is category]
        if of_category:
            yield Item("", (left(0, _(heading), "strong", bold=True),))
        for extension in of_category:
            of_clients = health.get(extension.id, NOBODY)
            word, token = extension_state(extension, installations.get(extension.id), of_clients)
            number = of_clients.clients
            yield Item(
                extension.id,
                (
                    fitted(2, state - 2, own_text(extension.title)),
                    left(state, word, token),
                    right(width, count(number) if number else "", "text"),
                ),
            )


class User(NamedTuple):
    """An integration with the name of its client, its health, and its number of failures."""

    name: str
    health: Health
    integration: Integration
    failed: int = 0


def extension_details(
    extension: Extension,
    installation: Installation | None,
    users: Sequence[User],
    health: Summary,
    now: datetime,
    width: int,
) -> list[Line]:
    version = _("version {version}").format(version=extension.version)
    lines: list[Line] = [
        (
            fitted(0, width - len(version) - 2, own_text(extension.title), "strong", bold=True),
            right(width, version, "muted"),
        ),
        BLANK,
        *paragraph(0, width, own_text(extension.description)),
        BLANK,
        *_rights(extension, width),
        *_problem(extension, installation, width),
        *_problems_of_clients(users, now, width),
    ]
    for label, text in (*_use(health, now), *_facts(extension)):
        lines += labelled(label, _VALUE, width, text)
    return [*lines, *_users(users, width)]


def _rights(extension: Extension, width: int) -> Iterator[Line]:
    """Yields the warning on the rights of a package of another author."""
    if extension.package:
        words = _("Of the package {package}, not of this program. It has all rights of the service, once allowed.")
        yield from paragraph(0, width, words.format(package=extension.package), "warn")
        yield BLANK


def _problem(extension: Extension, installation: Installation | None, width: int) -> Iterator[Line]:
    reason = extension.problem or (installation.reason if installation else None)
    if reason:
        lines = paragraph(2, width, sentence_of(reason), "error")
        yield (left(0, sign("error"), "error", bold=True), *lines[0])
        yield from lines[1:]
        yield BLANK


def _problems_of_clients(users: Sequence[User], now: datetime, width: int) -> Iterator[Line]:
    """Yields each cause once, with the number of clients, since when, and what to do."""
    by_cause: dict[tuple[Health, str], list[User]] = {}
    for user in users:
        if not user.health.is_well and user.health is not Health.NOT_LOADING:
            reason = user.integration.cause or user.integration.failing_reason
            by_cause.setdefault((user.health, cause_of(reason)), []).append(user)
    order = list(Health)
    worst = sorted(by_cause.items(), key=lambda pair: (order.index(pair[0][0]), -len(pair[1])))
    for (health, _cause), affected in worst[:MOST_CAUSES]:
        mark, token, word = health_words(health)
        since = [user.integration.failing_since for user in affected if user.integration.failing_since]
        number = _clients_of(affected)
        clients = ngettext("{n} client", "{n} clients", number).format(n=count(number))
        heading = f"{word}, {clients}"
        if since:
            heading = _("{what}, since {at}").format(what=heading, at=local_moment(min(since), now))
        yield left(0, mark, token, bold=True), fitted(2, width, heading, token, bold=token == "error")
        first = affected[0].integration
        reason = first.cause or first.failing_reason
        for text in filter(None, (sentence_of(reason), remedy_of(reason))):
            yield from paragraph(2, width, text)
        yield BLANK


def _use(health: Summary, now: datetime) -> Iterator[tuple[str, str]]:
    """Yields the number of integrations by state, and when something was sent last."""
    if not health.total:
        return
    numbers = [ngettext("{count} active", "{count} active", health.active).format(count=count(health.active))]
    if health.paused:
        words = ngettext("{count} paused", "{count} paused", health.paused)
        numbers.append(words.format(count=count(health.paused)))
    if health.need_attention:
        words = ngettext("{count} needs attention", "{count} need attention", health.need_attention)
        numbers.append(words.format(count=count(health.need_attention)))
    yield _("Integrations"), ", ".join(numbers)
    if health.last_sent_at is not None:
        yield _("Last sending"), local_moment(health.last_sent_at, now)


def _facts(extension: Extension) -> Iterator[tuple[str, str]]:
    kinds = list(dict.fromkeys(_MEDIA.get(media, media) for media in extension.media_types))
    accepted = ", ".join(kinds) if kinds else _("every file")
    if extension.max_size:
        accepted = _("{kinds} up to {size}").format(kinds=accepted, size=size(extension.max_size))
    yield _("Accepts"), accepted
    yield _("Folders"), folders_words(extension.folders)
    yield _("Doubles"), _(_DOUBLES[extension.kind])
    for level, label in (("firm", _("Firm")), ("client", _("Client"))):
        names = [
            title_of(name, schema).lower()
            for name, schema in extension.settings_schema.get("properties", {}).items()
            if schema.get("x-level", "firm") == level
        ]
        if names:
            yield label, ", ".join(names)


def _users(users: Sequence[User], width: int) -> Iterator[Line]:
    """Yields the clients that use the extension; those that need attention come first."""
    if not users:
        return
    number = _clients_of(users)
    words = ngettext("Used by {n} client", "Used by {n} clients", number)
    yield BLANK
    yield (left(0, words.format(n=count(number)), "muted"),)
    order = list(Health)
    of_client = Counter(user.integration.client_id for user in users)
    for user in sorted(users, key=lambda user: order.index(user.health)):
        mark, token, word = health_words(user.health)
        beside = "" if user.health is Health.WELL else f"{mark} {word}"
        if user.failed:
            failed = ngettext("{count} failed", "{count} failed", user.failed).format(count=count(user.failed))
            beside = f"{beside}, {failed}" if beside else failed
        several = of_client[user.integration.client_id] > 1
        name = f"{user.name}  {user.integration.label}" if several else user.name
        yield fitted(0, width - len(beside) - 2, name), right(width, beside, token if beside else "muted")


def _clients_of(users: Sequence[User]) -> int:
    """Returns the number of clients; a client with several integrations counts once."""
    return len({user.integration.client_id for user in users})
