"""The Banqup Store: extensions by category, and all about the one chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from banqup_tui.domain.extension import (
    Category,
    Extension,
    Installation,
    InstallationState,
    ReceiverKind,
    in_language,
)
from banqup_tui.widgets.integrations_layout import folders_words, title_of
from banqup_tui.widgets.lines_of_text import BLANK, Line, fitted, labelled, left, paragraph, right
from banqup_tui.widgets.listing import BuildItems, Item
from banqup_tui.widgets.theme import Token
from banqup_tui.written.formats import count, size
from banqup_tui.written.signs import sign
from banqup_tui.written.told import told
from banqup_tui.written.words import N_, _, current_language, ngettext

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


def extension_state(extension: Extension, installation: Installation | None) -> tuple[str, Token]:
    """Sign and word in one text, and its colour; empty where it is not installed."""
    if extension.problem:
        return f"{sign('warning')} {_('Does not load')}", "warn"
    if installation is None:
        return "", "text"
    if installation.state is InstallationState.NEEDS_ATTENTION:
        return f"{sign('error')} {_('Needs attention')}", "error"
    return f"{sign('done')} {_('Installed')}", "ok"


def extension_items(
    extensions: Sequence[Extension], installations: Mapping[str, Installation], clients: Mapping[str, int]
) -> BuildItems:
    """`installations` by extension, `clients` the number that use each extension."""

    def build(width: int) -> tuple[Line | None, Sequence[Item]]:
        state = max(width - 28, 20)
        labels = (
            left(0, _("Extension"), "muted"),
            left(state, _("State"), "muted"),
            right(width, _("Clients"), "muted"),
        )
        return labels, list(_items(extensions, installations, clients, width, state))

    return build


def _items(
    extensions: Sequence[Extension],
    installations: Mapping[str, Installation],
    clients: Mapping[str, int],
    width: int,
    state: int,
) -> Iterator[Item]:
    for category, heading in _CATEGORIES.items():
        of_category = [extension for extension in extensions if extension.category is category]
        if of_category:
            yield Item("", (left(0, _(heading), "strong", bold=True),))
        for extension in of_category:
            word, token = extension_state(extension, installations.get(extension.id))
            number = clients.get(extension.id, 0)
            yield Item(
                extension.id,
                (
                    fitted(2, state - 2, in_language(extension.title, current_language())),
                    left(state, word, token),
                    right(width, count(number) if number else "", "text"),
                ),
            )


def extension_details(
    extension: Extension, installation: Installation | None, users: Sequence[tuple[str, int]], width: int
) -> list[Line]:
    """`users`: names of the clients that use it, with how many documents wait there."""
    language = current_language()
    version = _("version {version}").format(version=extension.version)
    lines: list[Line] = [
        (
            fitted(0, width - len(version) - 2, in_language(extension.title, language), "strong", bold=True),
            right(width, version, "muted"),
        ),
        BLANK,
        *paragraph(0, width, in_language(extension.description, language)),
        BLANK,
        *_problem(extension, installation, width),
    ]
    for label, text in _facts(extension):
        lines += labelled(label, _VALUE, width, text)
    return [*lines, *_users(users, width)]


def _problem(extension: Extension, installation: Installation | None, width: int) -> Iterator[Line]:
    reason = extension.problem or (installation.reason if installation else None)
    if reason:
        lines = paragraph(2, width, told(reason), "error")
        yield (left(0, sign("error"), "error", bold=True), *lines[0])
        yield from lines[1:]
        yield BLANK


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


def _users(users: Sequence[tuple[str, int]], width: int) -> Iterator[Line]:
    if not users:
        return
    words = ngettext("Used by {n} client", "Used by {n} clients", len(users))
    yield BLANK
    yield (left(0, words.format(n=count(len(users))), "muted"),)
    for name, waiting in users:
        beside = _("{n} waiting").format(n=count(waiting)) if waiting else ""
        yield fitted(0, width - 16, name), right(width, beside, "muted")
