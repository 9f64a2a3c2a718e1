"""The history of a document says how it came in, in words that fit."""

from datetime import UTC, datetime

import pytest

from banqup_tui.domain.origin import ContainerPlace, EnvelopeOrigin, MailOrigin, Origin, Picture
from banqup_tui.formats.container import ContainerKind
from banqup_tui.widgets.layouts.history import history_lines
from tests.actions.fakes import a_document
from tests.widgets.test_layouts import keeps_to, text_of

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
MAIL = MailOrigin(
    sender="Minoterie <f@minoterie.example>", subject="Facture\x1b[2J", message_id="<1@minoterie.example>"
)
ENVELOPE = EnvelopeOrigin(sender="0208:0799000183", receiver="0208:0799000282", process_id="urn:fdc:peppol.eu:2017")


def shown(width: int, **container: object) -> str:
    place = ContainerPlace(**{"kind": "ZIP", "name": "mail.eml", "sha256": "a" * 64, "position": "2/1"} | container)  # type: ignore[arg-type]
    origins = (
        Origin(source="import", path="TANNERIE/mail.eml", at=NOW, container=place),
        Origin(source="/mnt/scans", path="TANNERIE/a.xml", at=NOW),
    )
    document = a_document(origins=origins, picture=Picture(sha256="b" * 64, file_name="a.pdf", size=2_000))
    lines = history_lines(document, NOW, width)
    keeps_to(lines, width)
    return text_of(lines, width)


def test_a_document_that_came_by_mail_and_again_from_a_folder_says_both() -> None:
    words = shown(76, kind="MAIL", mail=MAIL)
    for part in (
        "Import",
        "mail.eml (mail), 2/1",
        "f@minoterie.example",
        "<1@minoterie.example>",
        "/mnt/scans",
        "a.pdf",
    ):
        assert part in words
    assert "\x1b" not in words


def test_the_envelope_of_peppol_is_shown_with_both_participants() -> None:
    words = shown(76, kind="ENVELOPE", envelope=ENVELOPE)
    assert "0208:0799000183" in words
    assert "0208:0799000282" in words


@pytest.mark.parametrize("kind", [*ContainerKind, "BANK_FILE"])
def test_every_kind_of_container_has_a_name(kind: str) -> None:
    assert f"({kind})" not in shown(76, kind=str(kind))
