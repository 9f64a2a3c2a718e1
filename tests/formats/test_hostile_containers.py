"""A container is opened or refused, whatever stands in it, and the answer of a reader is never believed too far."""

from __future__ import annotations

import gzip
import sys
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.messages import Message
from banqup_tui.formats import Container, open_file, parsing
from banqup_tui.formats.container import MAX_PART_BYTES, MAX_PARTS, ContainerKind
from banqup_tui.formats.process import client
from banqup_tui.formats.process.client import ReaderPool
from banqup_tui.formats.process.messages import ANSWER_HEAD, ContainerEnd, PartFollows, ReaderAnswer, Result, encoder
from banqup_tui.formats.refusals import REASONS
from tests.formats import format_documents as make
from tests.formats.container_files import PDF, archive, envelope, invoice, mail
from tests.formats.test_bank_subset import camt_of, coda_file, mt940_of
from tests.support.compound_file import compound_file, message

XML = invoice("1", declaration="")
ATTACHMENTS = (("a.pdf", "application/pdf", PDF), ("b.xml", "text/xml", XML.encode()))
LETTER = mail(*ATTACHMENTS, html="<img src='cid:x'>").as_bytes()
SEEDS = [
    archive(("a/b.xml", XML.encode()), ("c.eml", LETTER)),
    archive(("a.pdf", PDF), compression=zipfile.ZIP_LZMA),
    archive(("a.pdf", PDF), compression=zipfile.ZIP_BZIP2),
    gzip.compress(XML.encode()),
    LETTER,
    envelope(XML, XML),
    f"<Invoices>{XML}</Invoices>".encode(),
    f"{XML}\n{XML}".encode(),
    compound_file(message(("a.pdf", PDF), ("b.msg", message(("c.pdf", PDF), is_root=False)))),
    coda_file("BE68539007547034") + coda_file("BE62510007547061"),
    camt_of("BE68539007547034", "BE62510007547061"),
    mt940_of("BE68539007547034") + mt940_of("BE62510007547061"),
    PDF,
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A container that is cut off, or in which some bytes are others, are gone or stand twice."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, max(len(data) - 1, 0)))
        piece = draw(st.binary(max_size=6) | st.just(bytes(data[start : start + 40])))
        data[start : start + draw(st.integers(0, 8))] = piece
    return bytes(data[: draw(st.integers(0, len(data)) | st.just(len(data)))])


def check(error: UnreadableDocument) -> None:
    assert error.message.code in set(REASONS) - {"file.reader-failed"}


@settings(max_examples=250, deadline=None)
@given(damaged())
def test_a_damaged_container_is_opened_or_refused_for_a_reason_that_is_known(data: bytes) -> None:
    try:
        opened = parsing.opened(data, "a")
        parts = list(opened[1]) if opened else []
    except UnreadableDocument as error:
        check(error)
        return
    assert all(part.refusal is None or part.refusal.code != "file.reader-failed" for part in parts)
    assert len({part.position for part in parts}) == len(parts)
    for part in parts:
        try:
            parsing.parsed(part.data)
        except UnreadableDocument as error:
            check(error)


@settings(max_examples=80, deadline=None)
@given(damaged(), st.lists(st.integers(-1, 3), max_size=3))
def test_a_damaged_bank_file_is_divided_or_refused_for_a_reason_that_is_known(data: bytes, indices: list[int]) -> None:
    try:
        assert parsing.parsed(parsing.bank_subset(data, indices)).statements
    except UnreadableDocument as error:
        check(error)


def test_an_archive_that_holds_itself_without_end_is_opened_three_deep() -> None:
    """A quine cannot be made here, but a chain that is longer than any is."""
    data = PDF
    for _ in range(40):
        data = archive(("again.zip", data))
    found = open_file(data)
    assert isinstance(found, Container)
    assert [(part.position, part.refusal.code if part.refusal else "") for part in found.parts] == [
        ("1/1/1", "file.too-nested")
    ]


def test_mails_inside_mails_without_end_are_opened_three_deep_or_refused() -> None:
    letter = LETTER
    for number in range(200):
        head = f"From: a@b.be\r\nTo: c@d.be\r\nContent-Type: message/rfc822\r\nX-Number: {number}\r\n\r\n"
        letter = head.encode() + letter
    found = open_file(letter)
    assert isinstance(found, Container)
    assert [part.refusal.code if part.refusal else "" for part in found.parts] == ["file.too-nested"]


def test_many_attachments_of_one_mail_are_counted() -> None:
    attachments = [(f"{number}.txt", "text/plain", b"x") for number in range(MAX_PARTS + 1)]
    with pytest.raises(UnreadableDocument, match="too-many-parts"):
        open_file(mail(*attachments).as_bytes())


def test_a_part_that_ends_its_reader_costs_the_others_nothing() -> None:
    from tests.support.hostile import pdf_bomb

    found = open_file(archive(("bomb.pdf", pdf_bomb()), ("b.xml", XML.encode())))
    assert isinstance(found, Container)
    pool = client.shared()
    with pytest.raises(UnreadableDocument):
        pool.read(found.parts[0].data)
    assert pool.read(found.parts[1].data).invoice is not None


def frame(result: Result, data: bytes = b"") -> bytes:
    encoded = encoder.encode(ReaderAnswer(result, 0.0))
    return ANSWER_HEAD.pack(len(encoded)) + encoded + data


def part(name: str = "a", *, size: int = 1, refusal: Message | None = None, position: str = "1") -> PartFollows:
    return PartFollows(name, f"../{name}", position, size, refusal, None, None)


END = ContainerEnd(ContainerKind.ZIP, 1, None, None)


def answered(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> Container:
    program = (
        "import socket, sys\n"
        "parent = socket.socket(fileno=0)\n"
        "parent.sendall(bytes(8)); parent.recv(100)\n"
        f"parent.sendall({answer[:200]!r} + {answer[200:]!r}); parent.shutdown(socket.SHUT_WR)\n"
        "while parent.recv(100): pass\n"
    )
    monkeypatch.setattr(client, "python_command", lambda *_: [sys.executable, "-S", "-c", program])
    pool = ReaderPool(1)
    try:
        found = pool.open_file(b"a text")
    finally:
        pool.close()
    assert isinstance(found, Container)
    return found


@pytest.mark.parametrize(
    "answer",
    [
        frame(part(size=MAX_PART_BYTES + 1)),
        frame(part(size=-1)),
        frame(part(), b"x") * (MAX_PARTS + 1),
        frame(part(), b"x") + frame(ContainerEnd(ContainerKind.ZIP, 2, None, None)),
        frame(part(size=100), b"x"),
        frame(part(), b"x") * 2,
    ],
    ids=["too large", "negative", "too many", "one is missing", "cut off", "no end"],
)
def test_parts_of_a_reader_that_was_taken_over_are_a_refusal_at_most(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnreadableDocument, match=r"file\.reader-ended"):
        answered(answer, monkeypatch)


def test_names_and_reasons_of_a_reader_that_was_taken_over_are_made_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = part("x/\x1b[2J..\\con.pdf", refusal=Message("\x1b[2J"), position="1/../x")
    found = answered(frame(hostile, b"x") + frame(END), monkeypatch).parts[0]
    assert (found.name, found.position) == ("x_.._con.pdf", "1")
    assert not {"..", ""} & set(found.path.split("/"))
    assert found.refusal == Message("file.reader-ended")


def test_a_text_that_is_asked_about_as_a_file_is_read_as_before() -> None:
    assert open_file(make.ubl().encode()) == parsing.parsed(make.ubl().encode())
