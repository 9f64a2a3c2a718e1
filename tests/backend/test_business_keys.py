"""Business keys that an older version computed otherwise are computed anew while the service runs."""

import uuid
from pathlib import Path

import pytest
from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.intake import business_keys
from banqup_tui.backend.ledger import bulk_jobs
from banqup_tui.domain.document import Duplicate
from banqup_tui.protocol.commands import ImportFile
from tests.support.intake_harness import SPACE, IntakeHarness
from tests.support.papers import BAKERY, GARAGE, invoice

_KEYS = select(tables.document.c.id, tables.document.c.business_key).order_by(tables.document.c.id)


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    """A firm of an older version: its keys are others, and the job has not begun."""
    harness = IntakeHarness(tmp_path)
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    for number in range(3):
        harness.do(ImportFile(sha256=harness.put(invoice(number=str(number))), file_name="a.xml"))
        harness.do(ImportFile(sha256=harness.put(invoice(number=str(number), buyer=GARAGE)), file_name="a.xml"))
    return harness


def as_before(harness: IntakeHarness) -> None:
    with harness.services.database.write(SPACE) as transaction:
        transaction.execute(update(tables.document).values(business_key=tables.document.c.id))
        row = {"id": str(uuid.uuid4()), "space_id": SPACE, "kind": business_keys.KIND, "query": b"", "upto_seq": 0}
        transaction.execute(tables.job.insert(), row | {"expected": 0, "state": bulk_jobs.RUNNING})


def step(harness: IntakeHarness, *, is_cut_off: bool = False) -> bool:
    with harness.services.database.write(SPACE) as transaction:
        went_on = bulk_jobs.step(transaction, harness.services)
        if is_cut_off:
            raise RuntimeError("before the commit")
    return went_on


def test_the_job_goes_on_where_it_was_cut_off(harness: IntakeHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = harness.rows(_KEYS)
    as_before(harness)
    monkeypatch.setattr(business_keys, "_PORTION", business_keys._PORTION.limit(4))
    monkeypatch.setattr(business_keys, "_AT_ONCE", 4)
    with pytest.raises(RuntimeError):
        step(harness, is_cut_off=True)
    assert all(key == document for document, key in harness.rows(_KEYS))
    assert step(harness)
    assert harness.rows(_KEYS)[:4] == keys[:4]
    assert all(key == document for document, key in harness.rows(_KEYS)[4:])
    assert step(harness)
    assert not step(harness)
    assert harness.rows(_KEYS) == keys


def test_what_comes_before_the_job_has_ended_is_held_as_ever(harness: IntakeHarness) -> None:
    as_before(harness)
    again = harness.put(invoice(number="1") + b"<!-- again -->")
    (known,) = harness.do(ImportFile(sha256=again, file_name="b.xml"))["documents"]
    assert known["duplicate"] == Duplicate.UNDECIDED
    of_garage = {one.id for one in harness.documents() if one.client_id != known["clientId"]}
    assert {document for document, key in harness.rows(_KEYS) if key == document} == of_garage
