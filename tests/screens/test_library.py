"""A document's file is read once, and again only where the reason may have passed."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from banqup_tui import formats
from banqup_tui.domain.document import Document, DocumentKind
from banqup_tui.domain.folder import Folder
from banqup_tui.formats import Content, ContentKind
from banqup_tui.formats.refusals import ReaderNotAvailable, refuse
from banqup_tui.screens.document_reader import Library

PLAIN = Content(media_type="text/plain", kind=ContentKind.PLAIN)
DOCUMENT = Document(
    id="d", client_id="c", folder=Folder.OTHER_DOCUMENTS, kind=DocumentKind.OTHER, file_name="a.txt",
    media_type="text/plain", size=6, sha256="0" * 64, created_at=datetime.now(UTC),
)  # fmt: skip


class Reads:
    def __init__(self, *outcomes: Content | Exception) -> None:
        self.outcomes = list(outcomes)
        self.count = 0

    def __call__(self, data: bytes, file_name: str = "") -> Content:
        outcome = self.outcomes[self.count]
        self.count += 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "a.txt").write_bytes(b"a text")
    return Library(lambda _sha256: tmp_path / "a.txt")


async def test_a_file_that_ended_its_reader_is_not_read_again_when_the_cursor_comes_back(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(refuse("file.reader-out-of-time", limit=10))
    monkeypatch.setattr(formats, "read", reads)
    found = [await library.read(DOCUMENT) for _ in range(3)]
    assert {one.problem for one in found} == {
        "Reading the file takes longer than 10 seconds. "
        "Ask the sender for another file, or place this one by hand as it is."
    }
    assert found[0].raw == b"a text"
    assert reads.count == 1


@pytest.mark.parametrize("passing", [refuse(formats.PASSING, limit=10), ReaderNotAvailable(), OSError("no room")])
async def test_what_may_pass_is_tried_again(
    library: Library, monkeypatch: pytest.MonkeyPatch, passing: Exception
) -> None:
    monkeypatch.setattr(formats, "read", Reads(passing, PLAIN))
    assert (await library.read(DOCUMENT)).problem
    assert (await library.read(DOCUMENT)).content == PLAIN


async def test_who_moves_on_and_comes_back_waits_for_the_reading_that_is_under_way(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(PLAIN)
    monkeypatch.setattr(formats, "read", reads)
    first = asyncio.ensure_future(library.read(DOCUMENT))
    await asyncio.sleep(0)
    first.cancel()
    assert (await library.read(DOCUMENT)).content == PLAIN
    assert reads.count == 1
