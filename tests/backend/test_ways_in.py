"""The same files end the same, whichever way they come in and in whatever order."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.backend.intake import unfiled_commands
from banqup_tui.backend.intake.source_files import FileOutcome
from banqup_tui.backend.intake.watched_folders import WatchedFolders
from banqup_tui.protocol.commands import AddSource, ImportFile
from tests.backend.test_arrivals import mailed
from tests.support.arriving_files import STRANGER, zipped
from tests.support.drop import account, drop_of
from tests.support.intake_harness import IntakeHarness
from tests.support.papers import BAKERY, GARAGE, MILL, invoice, letter, statement
from tests.support.waiting import until

_OUTCOMES = select(tables.source_file.c.outcome)
Files = dict[str, bytes]
Way = Callable[[IntakeHarness, Files, Path], Awaitable[None]]


def files() -> Files:
    many = {
        f"{number:03}.xml": invoice(number=f"Z{number}", buyer=(BAKERY, GARAGE)[number % 2]) for number in range(40)
    }
    banks = statement(number=1) + statement(holder=GARAGE, number=2) + statement(holder=STRANGER, number=3)
    return {
        "batch.zip": zipped(many),
        "mail.eml": mailed({"M1.xml": invoice(number="M1"), "M1.pdf": letter("M1")}),
        "three.cod": banks,
        "nobody.xml": invoice(number="N", buyer=STRANGER),
        "scan.pdf": letter("scan"),
    }


async def by_import(harness: IntakeHarness, sent: Files, _directory: Path) -> None:
    for name, data in sent.items():
        harness.do(ImportFile(sha256=harness.put(data), file_name=name, path=name))


async def by_folder(harness: IntakeHarness, sent: Files, directory: Path) -> None:
    inbox = directory / "in"
    inbox.mkdir()
    harness.do(AddSource(source_id="s", path=str(inbox)))
    for name, data in sent.items():
        (inbox / name).write_bytes(data)
    WatchedFolders(harness.services, still_for=0, wait_for_xml=0).scan()


async def by_drop(harness: IntakeHarness, sent: Files, _directory: Path) -> None:
    async with drop_of(harness, picture_wait_seconds=0.1) as listening:
        account(harness)
        for name, data in sent.items():
            await listening.put(f"/{name}", data)
        await until(lambda: all(row.outcome != FileOutcome.WAITING_PICTURE for row in harness.rows(_OUTCOMES)))


async def by_mail(harness: IntakeHarness, sent: Files, _directory: Path) -> None:
    """Each file as the attachment of a mail, which is what a mailbox brings."""
    for name, data in sent.items():
        mail = data if name.endswith(".eml") else mailed({name: data})
        harness.do(ImportFile(sha256=harness.put(mail), file_name=f"{name}.eml", path=f"{name}.eml"))


def outcome(harness: IntakeHarness) -> tuple[list[tuple[str, ...]], list[str]]:
    """Returns what is there: client, folder, number and bytes of the documents, and the bytes of what waits."""
    names = {client.id: client.reference for client in harness.clients()}
    documents = [
        (names[one.client_id], one.folder, one.number or "", one.sha256, one.picture.sha256 if one.picture else "")
        for one in harness.documents()
    ]
    return sorted(documents), sorted(row.sha256 for row in harness.unfiled_rows())


def firm(directory: Path) -> IntakeHarness:
    directory.mkdir()
    harness = IntakeHarness(directory)
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    harness.client(MILL.name, "MOULIN")
    return harness


async def come_in(way: Way, directory: Path, sent: Files) -> tuple[list[tuple[str, ...]], list[str]]:
    harness = firm(directory / "data")
    await way(harness, sent, directory)
    return outcome(harness)


@pytest.mark.parametrize("way", [by_folder, by_drop, by_mail])
async def test_every_way_in_ends_as_an_import_does(way: Way, tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    documents, waiting = await come_in(by_import, tmp_path / "one", files())
    assert len(documents) == 40 + 1 + 2
    assert len(waiting) == 3
    assert await come_in(way, tmp_path / "other", files()) == (documents, waiting)


@pytest.mark.parametrize("at_once", [1, 100])
async def test_the_order_and_the_batches_in_which_files_come_make_no_difference(tmp_path: Path, at_once: int) -> None:
    sent = {f"{at:02}.xml": invoice(number=str(at), buyer=(BAKERY, GARAGE, STRANGER)[at % 3]) for at in range(18)}
    sent |= {f"{at}.cod": statement(number=at, holder=(BAKERY, GARAGE)[at % 2]) for at in range(1, 5)}
    sent["both.cod"] = statement(number=8) + statement(holder=GARAGE, number=9)
    outcomes = []
    for seed in range(10):
        order = list(sent.items())
        random.Random(seed).shuffle(order)
        harness = firm(tmp_path / str(seed))
        bodies = [ImportFile(sha256=harness.put(data), file_name=name, path=name) for name, data in order]
        for at in range(0, len(bodies), at_once):
            assert all(one.problem is None for one in harness.at_once(bodies[at : at + at_once]))
        unfiled_commands.retry(harness.services, lambda: False)
        outcomes.append(outcome(harness))
    harness = firm(tmp_path / "one by one")
    await by_import(harness, sent, tmp_path)
    unfiled_commands.retry(harness.services, lambda: False)
    assert all(one == outcome(harness) for one in outcomes)
