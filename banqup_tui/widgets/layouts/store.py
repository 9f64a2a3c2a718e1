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
from banqup_tui.presentation.words import N_, _, inside_sentence, ngettext, own_text
from banqup_tui.widgets.layouts.deliveries import local_moment
from banqup_tui.widgets.layouts.integrations import folders_words, health_words, title_of
from banqup_tui.widgets.list_view import BuildItems, Item
from banqup_tui.widgets.text_lines import BLANK, Line, fitted, labelled, left, paragraph, right
from banqup_tui.widgets.theme import Token

_COUNTRIES: Mapping[str, str] = {
    "BE": N_("Belgium"),
    "NL": N_("the Netherlands"),
    "LU": N_("Luxembourg"),
    "FR": N_("France"),
    "DE": N_("Germany"),
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
    for heading, of_group in groups(extensions, installations):
        yield Item("", (left(0, heading, "strong", bold=True),))
        for extension in of_group:
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


def groups(
    extensions: Sequence[Extension], installations: Mapping[str, Installation]
) -> Iterator[tuple[str, list[Extension]]]:
    """Yields headings with their extensions: what the firm has installed, packages by country, then the channels."""
    installed = [one for one in extensions if one.id in installations]
    others = [one for one in extensions if one.id not in installations]
    packages = [one for one in others if _is_package(one)]
    by_countries: dict[tuple[str, ...], list[Extension]] = {}
    for one in packages:
        by_countries.setdefault(one.countries, []).append(one)
    order = list(_COUNTRIES)
    # Those of one country come before those of several, and those of all countries last.
    ordered = sorted(
        by_countries,
        key=lambda codes: (not codes, [order.index(code) if code in order else len(order) for code in codes], codes),
    )
    found = [(_("Installed"), installed)]
    found += [(countries_words(codes), by_countries[codes]) for codes in ordered]
    found.append((_("Channels"), [one for one in others if not _is_package(one)]))
    for heading, of_group in found:
        if of_group:
            yield heading, sorted(of_group, key=lambda one: own_text(one.title).casefold())


def countries_words(codes: Sequence[str]) -> str:
    """Returns `For Belgium, the Netherlands`; for no country `For all countries`."""
    if not codes:
        return _("For all countries")
    return _("For {countries}").format(countries=", ".join(_(_COUNTRIES.get(code, code)) for code in codes))


def words_to_search(extension: Extension) -> str:
    """Returns the text in which the search of the Store looks."""
    over = extension.connector or extension.id
    texts = (own_text(extension.title), own_text(extension.description), countries_words(extension.countries), over)
    return " ".join(texts)


def _is_package(extension: Extension) -> bool:
    """Whether it is a software by its name, and not a channel that any software may use."""
    return bool(extension.connector) or extension.category is Category.ACCOUNTING_SOFTWARE


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
    over: str = "",
) -> list[Line]:
    """Returns the page about an extension. `over`: for a preset, the title of the extension that it goes over."""
    version = _("version {version}").format(version=extension.version)
    lines: list[Line] = [
        (
            fitted(0, width - len(version) - 2, own_text(extension.title), "strong", bold=True),
            right(width, version, "muted"),
        ),
        BLANK,
        *paragraph(0, width, own_text(extension.description)),
        BLANK,
        *_notes(extension, width),
        *_rights(extension, width),
        *_problem(extension, installation, width),
        *_problems_of_clients(users, now, width),
    ]
    for label, text in (*_use(health, now), *_facts(extension, over)):
        lines += labelled(label, _VALUE, width, text)
    return [*lines, *_users(users, width)]


def _notes(extension: Extension, width: int) -> Iterator[Line]:
    """Yields what has to be done or known at the package first."""
    for note in extension.notes:
        lines = paragraph(2, width, own_text(note))
        yield (left(0, sign("warning"), "warn", bold=True), *lines[0])
        yield from lines[1:]
    if extension.notes:
        yield BLANK


def _rights(extension: Extension, width: int) -> Iterator[Line]:
    """Yields the warning on the rights of a package of another author."""
    if extension.package and not extension.connector:  # a preset is data
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


def _facts(extension: Extension, over: str) -> Iterator[tuple[str, str]]:
    yield _("Accepts"), accepted_words(extension)
    yield _("Folders"), folders_words(extension.folders)
    if extension.connector:
        yield _("Over"), over
        yield _("Tested"), _("with the package itself") if extension.tested else _("not with the package itself")
    if extension.source:
        yield _("Source"), extension.source
    if extension.connector and extension.package:
        yield _("Preset of"), extension.package
    yield _("Doubles"), _(_DOUBLES[extension.kind])
    for level, label in (("firm", _("Firm")), ("client", _("Client"))):
        names = [
            inside_sentence(title_of(name, schema))
            for name, schema in extension.settings_schema.get("properties", {}).items()
            if schema.get("x-level", "firm") == level
        ]
        if names:
            yield label, ", ".join(names)


def accepted_words(extension: Extension) -> str:
    """Returns the kinds of files that an extension accepts, and the largest size."""
    kinds = list(dict.fromkeys(_MEDIA.get(media, media) for media in extension.media_types))
    accepted = ", ".join(kinds) if kinds else _("every file")
    if extension.max_size:
        return _("{kinds} up to {size}").format(kinds=accepted, size=size(extension.max_size))
    return accepted


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
