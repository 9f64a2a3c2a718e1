"""Adding, moving and removing a mailbox, without a mail server."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.vault import of_mailbox
from banqup_tui.backend.intake.mailbox import set_password
from banqup_tui.backend.integrations.key_rotation import replace_key
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.source import SourceKind
from banqup_tui.protocol.commands import AddSource, RemoveSource
from tests.support.intake_harness import IntakeHarness

HERE = "imaps://facturen@kantoor.example@127.0.0.1:1/INBOX"
PASSWORD = Secret("kXw7dPq2mZr9sVb4")


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    return IntakeHarness(tmp_path)


def added(harness: IntakeHarness, path: str = HERE, **more: Any) -> str:
    body = AddSource(source_id="box", path=path, kind=SourceKind.MAILBOX, **more)
    return str(harness.do(body)["outcome"])


def test_a_password_is_stored_sealed_though_the_server_cannot_be_reached(harness: IntakeHarness) -> None:
    added(harness)
    result = set_password(harness.services, "box", PASSWORD)
    assert [(step.ok, step.message.code) for step in result.steps] == [(False, "mailbox.unreachable")]
    (row,) = harness.rows(select(tables.mailbox))
    assert PASSWORD.reveal().encode() not in row.sealed
    opened = harness.services.vault.open(of_mailbox("box"), row.sealed)
    assert opened == {"address": HERE, "password": PASSWORD}


def test_a_password_can_still_be_opened_when_the_key_was_replaced(harness: IntakeHarness) -> None:
    added(harness)
    set_password(harness.services, "box", PASSWORD)
    assert replace_key(harness.services) == 1
    (row,) = harness.rows(select(tables.mailbox))
    assert harness.services.vault.open(of_mailbox("box"), row.sealed)["password"] == PASSWORD


def test_the_folder_for_mails_that_were_taken_stays_until_another_is_named(harness: IntakeHarness) -> None:
    added(harness, move_to="Traitées")
    added(harness)
    assert harness.source().move_to == "Traitées"
    for unusable in ("inbox", "a*", "a\nb", "x" * 251):
        body = AddSource(source_id="box", path=HERE, kind=SourceKind.MAILBOX, move_to=unusable)
        assert harness.refusal(body).code == "mailbox.move-to-unusable"
    # The mailbox may not become the folder to which its mails are moved.
    into_it = AddSource(source_id="box", path=HERE.replace("INBOX", "Traitées"), kind=SourceKind.MAILBOX)
    assert harness.refusal(into_it).code == "mailbox.move-to-unusable"
    added(harness, move_to="")
    assert harness.source().move_to is None


def test_there_is_one_mailbox_and_another_address_needs_its_password_anew(harness: IntakeHarness) -> None:
    assert added(harness, since=date(2026, 11, 1)) == "NEW"
    set_password(harness.services, "box", PASSWORD)
    assert added(harness) == "KNOWN"
    assert harness.rows(select(tables.mailbox.c.sealed))[0].sealed is not None
    assert added(harness, HERE.replace("INBOX", "Factures")) == "KNOWN"
    (row,) = harness.rows(select(tables.mailbox))
    assert (row.sealed, row.since) == (None, date(2026, 11, 1))
    assert harness.source().path.endswith("/Factures")


@pytest.mark.parametrize("path", ["/srv/mail", "imap://x@kantoor.example:143/INBOX", "imaps://x\r\n@h:993/INBOX"])
def test_what_is_no_address_of_a_mailbox_is_refused(harness: IntakeHarness, path: str) -> None:
    problem = harness.refusal(AddSource(source_id="box", path=path, kind=SourceKind.MAILBOX))
    assert problem.field == "path"
    assert harness.rows(select(tables.mailbox)) == []


def test_a_mailbox_that_is_removed_takes_its_password_with_it(harness: IntakeHarness) -> None:
    added(harness)
    set_password(harness.services, "box", PASSWORD)
    harness.do(RemoveSource(source_id="box"))
    assert harness.rows(select(tables.mailbox)) == []
    with pytest.raises(RequestFailure):
        set_password(harness.services, "box", PASSWORD)
