from collections import Counter
from datetime import date
from pathlib import Path

from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.demo.build import BuildProgress, build
from banqup_tui.demo.firm import make_firm
from banqup_tui.demo.generate import generate
from banqup_tui.domain.status import AccountingStatus
from tests.support.intake_harness import IntakeHarness

TODAY = date(2026, 11, 24)


def test_the_sample_firm_is_built_through_the_commands_of_a_user(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    harness = IntakeHarness(tmp_path / "data")
    reported: list[BuildProgress] = []
    built = build(harness, tmp_path / "received", clients=16, documents=240, seed=2, today=TODAY, tell=reported.append)
    documents = harness.documents()
    assert (built.clients, built.documents, len(documents)) == (16, 240, 240)
    assert reported[-1] == BuildProgress(documents=240, of=240)
    _is_what_was_written(harness)
    statuses = Counter(document.accounting_status for document in documents)
    assert {
        AccountingStatus.CLIENT_ACTION_NEEDED,
        AccountingStatus.PROCESSED,
        AccountingStatus.QUEUED,
        AccountingStatus.READY_TO_PROCESS,
    } <= set(statuses)
    assert len(harness.rows(select(tables.integration))) == built.integrations > 10
    assert harness.rows(select(tables.delivery))
    assert harness.unfiled_rows() == []


def _is_what_was_written(harness: IntakeHarness) -> None:
    """Client, folder, day and number of every document are those of the paper."""
    references = {client.id: client.reference for client in harness.clients()}
    filed = Counter(
        (references[found.client_id], found.folder, found.sort_date, found.number) for found in harness.documents()
    )
    written = generate(make_firm(16, 2), 240, 2, TODAY)
    assert filed == Counter((paper.client, paper.folder, paper.dated, paper.facts.number) for paper in written)


def test_the_newest_documents_come_in_first(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    harness = IntakeHarness(tmp_path / "data")
    build(harness, tmp_path / "received", clients=4, documents=90, today=TODAY)
    newest = sorted((document.sort_date for document in harness.documents()), reverse=True)[0]
    assert harness.documents()[0].sort_date == newest


def test_the_smallest_firm_can_be_built(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert (
        build(IntakeHarness(tmp_path / "data"), tmp_path / "received", clients=1, documents=1, today=TODAY).documents
        == 1
    )
