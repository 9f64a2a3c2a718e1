"""The main job on the command line, with the real backend as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.demo.firm import make_firm
from banqup_tui.demo.generate import generate
from tests.support.forked_process import forked_backends
from tests.support.local_setup import command_here, command_process, is_alive

SECONDS = 60


@dataclass(frozen=True)
class CommandResult:
    code: int
    out: str
    err: str

    @property
    def array(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.out)
        return found


class Computer:
    """One user's computer: a home, a folder of invoices, and the folder that the receiver reads."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.inbox = root / "inbox"
        self.received = root / "received"
        self.inbox.mkdir()
        self.received.mkdir()

    def banqup(self, *arguments: str) -> CommandResult:
        with forked_backends():
            return self._result(command_here(self.environment, *arguments))

    def banqup_process(self, *arguments: str) -> CommandResult:
        """The same in a process of its own."""
        return self._result(command_process(self.environment, *arguments))

    @property
    def environment(self) -> dict[str, str]:
        return {"BANQUP_HOME": str(self.home), "LC_ALL": "C.UTF-8"}

    def _result(self, ran: subprocess.CompletedProcess[str]) -> CommandResult:
        return CommandResult(ran.returncode, ran.stdout, ran.stderr)

    def kill_backend(self) -> None:
        """As a power cut does it. Only the process that this home's endpoint file names."""
        found = self.home / "runtime" / "endpoint.json"
        if not found.exists():
            return
        pid = json.loads(found.read_bytes())["pid"]
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        wait_until(lambda: not is_alive(pid))

    def put_invoices(self, number: int) -> list[Path]:
        """Real e-invoices of one company, which the program reads back."""
        firm = make_firm(1, 3)
        paths = []
        for at, sample in enumerate(one for one in generate(firm, 60, 3) if one.file_name.endswith(".xml")):
            paths.append(self.inbox / f"{at:03d}.xml")
            paths[-1].write_bytes(sample.data)
            if len(paths) == number:
                break
        return paths

    def files_received(self) -> list[bytes]:
        return sorted(path.read_bytes() for path in self.received.rglob("*") if path.is_file())


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    made = Computer(tmp_path)
    yield made
    made.kill_backend()


def test_documents_come_in_go_out_and_go_out_again(computer: Computer) -> None:
    invoices = computer.put_invoices(3)
    (computer.inbox / "note.xml").write_text("<note>no invoice</note>")

    imported = computer.banqup_process("import", str(computer.inbox), "--create-clients", "--json")
    assert imported.code == 1, imported.err
    assert [value["outcome"] for value in imported.array] == ["TAKEN"] * 3 + ["TO_PLACE"]
    assert imported.array[3]["reason"]
    again = computer.banqup_process("import", str(invoices[0]), "--json")
    assert (again.code, again.array[0]["outcome"]) == (0, "KNOWN")

    clients = computer.banqup_process("clients", "--json").array
    reference = next(one["client"]["reference"] for one in imported.array)
    assert reference in [client["reference"] for client in clients]

    nowhere = computer.banqup_process("send", "--client", reference)
    assert (nowhere.code, nowhere.err) == (1, "No active integration for this client.\n")

    installed = computer.banqup_process(
        "store", "install", "local-folder", "--set", f"path={computer.received}/[external_id]/[folder]"
    )
    assert installed.code == 0, installed.err
    for client in clients:
        added = computer.banqup_process("integrations", "add", client["reference"], "local-folder")
        assert added.code == 0, added.err
    assert {one["state"] for one in computer.banqup_process("integrations", "list", "--json").array} == {"ACTIVE"}

    ids = [one["documentId"] for one in imported.array[:3]]
    options = [part for one in ids for part in ("--id", one)]
    sent = computer.banqup_process("send", *options, "--wait", "--json")
    assert sent.code == 0, sent.err
    assert [one["state"] for one in sent.array] == ["DELIVERED"] * 3
    assert computer.files_received() == sorted(path.read_bytes() for path in invoices)

    quiet = computer.banqup_process("send", *options, "--wait")
    assert quiet.code == 0, quiet.err
    assert len(computer.files_received()) == 3

    resent = computer.banqup_process("send", "--id", ids[0], "--again", "--wait")
    assert resent.code == 0, resent.err
    assert len(computer.files_received()) == 4
    (delivery,) = computer.banqup_process("deliveries", "--id", ids[0], "--json").array
    assert (delivery["state"], delivery["generation"], delivery["integration"]) == ("DELIVERED", 2, "Local folder")
    document = next(one for one in computer.banqup_process("documents", "--json").array if one["id"] == ids[0])
    assert document["accountingStatus"] == "READY_TO_PROCESS"
    assert document["deliveries"][0]["state"] == "DELIVERED"


def test_what_is_sent_while_the_backend_cannot_run_is_kept_and_arrives_later(computer: Computer) -> None:
    (invoice,) = computer.put_invoices(1)
    imported = computer.banqup("import", str(invoice), "--create-clients", "--json").array[0]
    reference = imported["client"]["reference"]
    computer.banqup("store", "install", "local-folder", "--set", f"path={computer.received}")
    assert computer.banqup("integrations", "add", reference, "local-folder").code == 0

    computer.kill_backend()
    backend = computer.home / "data" / "backend"
    backend.rename(backend.with_name("backend.away"))
    backend.write_text("in the way")
    stored = computer.banqup("send", "--id", imported["documentId"])
    assert stored.code == 75, stored.err
    assert "Kept on this computer" in stored.err
    assert computer.files_received() == []

    backend.unlink()
    backend.with_name("backend.away").rename(backend)
    assert computer.banqup("sync").code == 0
    wait_until(lambda: computer.files_received() == [invoice.read_bytes()])


def test_a_folder_that_cannot_be_written_is_said_with_what_to_do(computer: Computer) -> None:
    (invoice,) = computer.put_invoices(1)
    imported = computer.banqup("import", str(invoice), "--create-clients", "--json").array[0]
    (computer.received / "file").write_text("no folder")
    computer.banqup("store", "install", "local-folder", "--set", f"path={computer.received}/file/[external_id]")
    refused = computer.banqup("integrations", "add", imported["client"]["reference"], "local-folder")
    assert refused.code == 1
    assert "failed:" in refused.err
    forced = computer.banqup("integrations", "add", imported["client"]["reference"], "local-folder", "--no-test")
    assert forced.code == 0, forced.err
    sent = computer.banqup("send", "--id", imported["documentId"], "--wait", "--json")
    assert sent.code == 1, sent.err
    assert sent.array[0]["reason"]
    assert "not delivered" in sent.err


def test_a_destination_that_has_changed_gets_the_older_documents(computer: Computer) -> None:
    (invoice,) = computer.put_invoices(1)
    reference = computer.banqup("import", str(invoice), "--create-clients", "--json").array[0]["client"]["reference"]
    first, second = computer.received / "first", computer.received / "second"
    computer.banqup("store", "install", "local-folder", "--set", f"path={first}")
    computer.banqup("integrations", "add", reference, "local-folder")
    assert computer.banqup("send", "--client", reference, "--wait").code == 0
    there = computer.banqup("send", "--client", reference, "--wait")
    assert "everything is there" in there.err
    computer.banqup("store", "configure", "local-folder", "--set", f"path={second}")
    sent = computer.banqup("send", "--client", reference, "--wait")
    assert (sent.code, "moved since" in sent.err, "everything is there" in sent.err) == (0, True, False), sent.err
    assert [len(list(place.iterdir())) for place in (first, second)] == [1, 1]

    third = computer.received / "third"
    (integration,) = computer.banqup("integrations", "list", "--json").array
    computer.banqup("integrations", "remove", integration["id"], "--yes")
    computer.banqup("store", "configure", "local-folder", "--set", f"path={third}")
    added = computer.banqup("integrations", "add", reference, "local-folder", "--backfill")
    assert "Also 1 older document." in added.err
    assert "1 older document is sent." in added.err, added.err
    wait_until(lambda: third.is_dir() and len([path for path in third.iterdir() if path.name[0] != "."]) == 1)
    computer.banqup("integrations", "remove", integration["id"], "--yes")
    again = computer.banqup("integrations", "add", reference, "local-folder", "--backfill")
    assert "0 older documents are sent." in again.err, again.err
