"""How a document came in, with the container, mail or Peppol envelope around it, and what was done to it since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from banqup_tui.domain.document import Document
from banqup_tui.domain.origin import BY_HAND, ContainerPlace, EnvelopeOrigin, MailOrigin, Origin
from banqup_tui.presentation.formats import size
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.words import N_, _
from banqup_tui.widgets.layouts.deliveries import local_moment
from banqup_tui.widgets.text_lines import BLANK, Line, labelled, left

_VALUE = 16
_CONTAINERS = {
    "BANK_FILE": N_("bank file of several accounts"),
    "ZIP": N_("ZIP archive"),
    "GZIP": N_("gzip file"),
    "MAIL": N_("mail"),
    "OUTLOOK_MAIL": N_("Outlook mail"),
    "ENVELOPE": N_("Peppol envelope"),
    "ATTACHED_DOCUMENT": N_("UBL AttachedDocument"),
    "SOAP": N_("SOAP message"),
    "BATCH": N_("XML of several documents"),
    "SERIES": N_("several documents in one file"),
}


def history_lines(document: Document, now: datetime, width: int) -> list[Line]:
    """Returns the arrivals of a document, then what users did to it, the first one first.

    `now` is in the user's time zone.
    """
    lines: list[Line] = []
    for number, origin in enumerate(document.origins):
        heading = _("Came in") if number == 0 else _("Came again")
        at = local_moment(origin.at, now)
        lines += [(left(0, heading, "strong", bold=True), left(_VALUE, at)), *_facts_of(origin, now, width), BLANK]
    if not document.origins:
        at = local_moment(document.created_at, now)
        lines += [(left(0, _("Came in"), "strong", bold=True), left(_VALUE, at)), BLANK]
    for entry in document.history:
        by = _("you") if entry.by else _("by itself")
        at = local_moment(entry.at, now)
        lines += labelled(at, _VALUE + 2, width, f"{sentence_of(entry.what)} ({by})")
    if document.history:
        lines.append(BLANK)
    if document.picture is not None:
        picture = f"{document.picture.file_name}, {size(document.picture.size)}"
        lines += labelled(_("Picture"), _VALUE, width, picture)
    return lines


def _facts_of(origin: Origin, now: datetime, width: int) -> Iterator[Line]:
    yield from labelled(_("Came by"), _VALUE, width, _("Import") if origin.source == BY_HAND else origin.source)
    yield from labelled(_("Path"), _VALUE, width, origin.path)
    if origin.container is not None:
        for label, text in _container(origin.container, now):
            if text:
                yield from labelled(label, _VALUE, width, text)


def _container(place: ContainerPlace, now: datetime) -> Iterator[tuple[str, str]]:
    kind = _(_CONTAINERS[place.kind]) if place.kind in _CONTAINERS else place.kind
    yield _("Inside of"), f"{place.name} ({kind}), {place.position}"
    yield "SHA-256", place.sha256
    if place.mail is not None:
        yield from _mail(place.mail, now)
    if place.envelope is not None:
        yield from _envelope(place.envelope, now)


def _mail(mail: MailOrigin, now: datetime) -> Iterator[tuple[str, str]]:
    yield _("Mail from"), mail.sender
    yield _("Mail to"), ", ".join(mail.recipients)
    yield _("Subject"), mail.subject
    yield "Message-ID", mail.message_id
    yield _("Sent"), local_moment(mail.sent_at, now) if mail.sent_at else ""


def _envelope(envelope: EnvelopeOrigin, now: datetime) -> Iterator[tuple[str, str]]:
    yield _("Peppol from"), envelope.sender
    yield _("Peppol to"), envelope.receiver
    yield _("Process"), envelope.process_id
    yield _("Document type"), envelope.document_type_id
    yield _("Envelope"), envelope.message_id
    yield _("Sent"), local_moment(envelope.created_at, now) if envelope.created_at else ""
