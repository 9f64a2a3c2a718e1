"""One invoice in many forms is sent once; the rest is held, and decided on the command line."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_setup import LocalSetup, setup_in, until
from tests.support.papers import invoice, statement


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[LocalSetup]:
    with setup_in(tmp_path) as made:
        yield made


def in_an_envelope(data: bytes) -> bytes:
    body = data.partition(b"?>")[2]
    space = b"http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    return b'<StandardBusinessDocument xmlns="%s">%s</StandardBusinessDocument>' % (space, body)


def test_one_invoice_in_many_forms_is_sent_once_and_each_choice_works(setup: LocalSetup) -> None:
    inbox = setup.root / "inbox"
    inbox.mkdir()
    plain = invoice()
    forms = {
        "1-plain.xml": plain,
        "2-envelope.xml": in_an_envelope(plain),
        "3-indented.xml": plain.replace(b"><", b">\n  <"),
        "4-due-later.xml": invoice(due=date(2027, 1, 31)),
    }
    for name, data in forms.items():
        (inbox / name).write_bytes(data)
    setup.start_backend()
    client = setup.add_client()
    setup.deliver_into(client)

    def banqup(*arguments: str) -> Any:
        return setup.banqup(*arguments)

    done = banqup("import", str(inbox), "--client", "FOURNIL", "--json")
    assert "taken, held: the same as 2026-00417 of 20/11/2026" in done.stderr
    assert "3 of them are held" in done.stderr
    taken = json.loads(done.stdout)
    assert [one["duplicate"] for one in taken] == [None, "HELD", "HELD", "HELD"]
    first, *undecided = (one["documentId"] for one in taken)
    until(lambda: len(setup.files_received()) == 1)

    listed = json.loads(banqup("duplicates", "list", "--json").stdout)
    assert {one["id"] for one in listed} == set(undecided)
    assert {one["sameAs"] for one in listed} == {first}
    assert {one["earlier"]["id"] for one in listed} == {first}
    assert "dueDate" in next(one for one in listed if one["id"] == undecided[2])["different"]

    assert "Not sent: 3 documents held as duplicates" in banqup("send", "--client", "FOURNIL").stderr
    copy, other, newer = undecided
    assert "a copy is withdrawn" in banqup("duplicates", "decide", copy, "one").stderr
    decided = banqup("duplicates", "decide", newer, "newer").stderr
    assert "The earlier one was delivered to" in decided
    assert "newer version" in decided
    until(lambda: len(setup.files_received()) == 2)
    asked = banqup("send", "--id", other, "--yes", "--wait")
    assert asked.returncode == 0, asked.stderr
    assert len(setup.files_received()) == 3
    assert json.loads(banqup("duplicates", "list", "--json").stdout) == []
    again = banqup("duplicates", "decide", other, "one")
    assert (again.returncode, "Not held" in again.stderr) == (1, True)
    documents = {one["id"]: one for one in json.loads(banqup("documents", "--json").stdout)}
    assert copy not in documents
    assert documents[first]["replacedBy"] == newer
    known = banqup("import", str(inbox / "2-envelope.xml"), "--client", "FOURNIL")
    assert "known already, and withdrawn" in known.stderr


def test_a_bank_report_with_the_flag_of_a_duplicate_is_held(setup: LocalSetup) -> None:
    inbox = setup.root / "inbox"
    inbox.mkdir()
    data = statement()
    (inbox / "a.cod").write_bytes(data)
    (inbox / "b.cod").write_bytes(data[:16] + b"D" + data[17:])
    setup.start_backend()
    setup.deliver_into(setup.add_client())
    taken = json.loads(setup.banqup("import", str(inbox), "--client", "FOURNIL", "--json").stdout)
    assert [one["duplicate"] for one in taken] == [None, "HELD"]
    until(lambda: len(setup.files_received()) == 1)


def test_a_document_is_withdrawn_restored_and_moved_on_the_command_line(setup: LocalSetup) -> None:
    inbox = setup.root / "inbox"
    inbox.mkdir()
    (inbox / "a.xml").write_bytes(invoice())
    setup.start_backend()
    setup.deliver_into(setup.add_client())
    other = setup.add_client("ANOTHER", "Another SRL")
    setup.deliver_into(other)

    def banqup(*arguments: str) -> Any:
        return setup.banqup(*arguments)

    def ids(*options: str) -> list[str]:
        return [one["id"] for one in json.loads(banqup("documents", "--json", *options).stdout)]

    (taken,) = json.loads(banqup("import", str(inbox), "--client", "FOURNIL", "--json").stdout)
    document = taken["documentId"]
    until(lambda: len(setup.files_received()) == 1)
    done = banqup("documents", "withdraw", document, "--yes")
    assert (done.returncode, "is withdrawn" in done.stderr) == (0, True)
    assert (ids(), ids("--withdrawn")) == ([], [document])
    assert json.loads(banqup("clients", "--json").stdout)[0]["counts"]["total"] == 0
    known = banqup("import", str(inbox), "--client", "FOURNIL")
    assert "known already, and withdrawn" in known.stderr
    assert banqup("documents", "restore", document).returncode == 0
    assert (ids(), ids("--withdrawn")) == ([document], [])
    moved = banqup("documents", "move", document, "--client", "ANOTHER", "--yes")
    assert "What was delivered stays there" in moved.stderr
    assert "is with Another SRL" in moved.stderr
    until(lambda: len(setup.files_received()) == 2)
    assert ids("--client", "ANOTHER") == [document]
