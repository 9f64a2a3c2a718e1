"""The bytes of an import outlive a damaged outbox: what was lost with it is imported from them once more."""

from pathlib import Path

import pytest

from banqup_tui.app_dirs import dirs_under
from banqup_tui.protocol.commands import ImportFile, decode
from banqup_tui.protocol.local import Endpoint
from banqup_tui.store.outbox import Outbox
from banqup_tui.sync.errors import ServerDown
from banqup_tui.sync.session import Session


def nobody() -> Endpoint:
    raise ServerDown


def a_session(root: Path) -> Session:
    return Session.open(dirs_under(root).made(), nobody)


def outbox_in(root: Path) -> Path:
    return root / "data" / "copies" / "local" / "outbox.sqlite"


@pytest.fixture
def hashes(tmp_path: Path) -> set[str]:
    """Of files that wait to be imported."""
    session = a_session(tmp_path)
    for number in range(30):
        source = tmp_path / f"{number}.xml"
        source.write_bytes(b"<Invoice>%d</Invoice>" % number)
        session.import_file(source)
    session.close()
    return session.spool.whole()


def imported(outbox: Outbox) -> set[str]:
    bodies = (decode(entry.kind, entry.body) for entry in outbox.waiting())
    return {body.sha256 for body in bodies if isinstance(body, ImportFile)}


def test_every_file_is_imported_though_half_of_the_outbox_is_gone(tmp_path: Path, hashes: set[str]) -> None:
    path = outbox_in(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    session = a_session(tmp_path)
    assert imported(session.outbox) == hashes
    assert session.imported_again > 0
    session.close()
    session = a_session(tmp_path)
    assert session.imported_again == 0
    assert len(session.outbox.waiting()) == len(hashes)
    session.close()


def test_without_a_loss_nothing_is_imported_again(tmp_path: Path, hashes: set[str]) -> None:
    session = a_session(tmp_path)
    source = tmp_path / "cut.xml"
    source.write_bytes(b"cut off before its command was given")
    with session.spool.taken(source):
        pass
    session.close()
    session = a_session(tmp_path)
    assert session.imported_again == 0
    assert imported(session.outbox) == hashes
    session.close()
