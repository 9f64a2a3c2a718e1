"""A file that ends before its format does is told from a damaged one; what follows an end is no fault."""

from __future__ import annotations

import pytest

from banqup_tui.formats import UnreadableDocument, open_file
from banqup_tui.formats.refusals import INCOMPLETE
from tests.formats import format_documents as make
from tests.formats.container_files import archive, envelope, invoice, mail
from tests.formats.test_bank_subset import coda_file
from tests.formats.test_read_real_documents import FILES
from tests.support.compound_file import compound_file, message

PREVIEW = b"\xff\xd8\xff\xe1\x00\x08\xff\xd8\xff\xd9ab"
JPEG = PREVIEW + b"\xff\xda\x00\x04ab" + b"\x12\xff\x00\xff\xd0\x34" * 50 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x04IDATabcd\x00\x00\x00\x00" + b"\x00\x00\x00\x00IEND\xae\x42\x60\x82"
WEBP = b"RIFF\x14\x00\x00\x00WEBPVP8 " + bytes(12)


def code_of(data: bytes) -> str:
    try:
        open_file(data)
    except UnreadableDocument as error:
        return error.message.code
    return ""


def linearized() -> bytes:
    """A PDF as it is made for the web: a first `%%EOF` near its beginning."""
    document = make.pdf()
    head, _, rest = document.partition(b"\n")
    return b"%s\n9 0 obj\n<< >>\nendobj\ntrailer\n<< >>\nstartxref\n0\n%%%%EOF\n%s" % (head, rest)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (make.pdf(), "PDF"),
        (linearized(), "PDF"),
        (JPEG, "JPEG"),
        (PNG, "PNG"),
        (WEBP, "WebP"),
        (compound_file(message(("a.pdf", make.pdf()))), "Office"),
        (archive(("a.xml", invoice("1").encode())), "ZIP"),
        (make.ubl().encode(), "XML"),
        (make.ubl(declaration="").encode("utf-16"), "XML"),
        (envelope(invoice("1", declaration="")), "XML"),
        (f"<b>{invoice('1', declaration='')}</b>".encode(), "XML"),
        (coda_file("BE68539007547034"), "CODA"),
        (coda_file("BE68539007547034", end=""), "CODA"),
    ],
)
def test_a_file_without_its_end_is_incomplete_and_the_whole_one_is_not(data: bytes, name: str) -> None:
    assert code_of(data) != INCOMPLETE
    for length in (len(data) // 2, len(data) * 3 // 4 + 1):
        with pytest.raises(UnreadableDocument) as caught:
            open_file(data[:length])
        assert (caught.value.message.code, caught.value.message.params) == (INCOMPLETE, {"format": name})


@pytest.mark.parametrize("data", [make.pdf(), JPEG, PNG, make.ubl().encode(), coda_file("BE68539007547034")])
@pytest.mark.parametrize("behind", [b"\r\n\r\n", bytes(600), b"\x1a", b"\n"])
def test_what_follows_an_end_is_no_fault(data: bytes, behind: bytes) -> None:
    assert code_of(data + behind) != INCOMPLETE


def test_blanks_at_the_end_of_records_may_be_missing() -> None:
    lines = coda_file("BE68539007547034").decode().splitlines()
    assert code_of("\n".join(line.rstrip() for line in lines).encode()) == ""


def test_a_broken_xml_with_its_end_is_broken_not_incomplete() -> None:
    assert code_of(make.ubl().replace("</cbc:ID>", "", 1).encode()) == "file.not-well-formed"


def test_a_file_in_a_container_that_lacks_its_end_says_so() -> None:
    cut = make.pdf()[:-200]
    whole = mail(("a.pdf", "application/pdf", cut), ("b.xml", "text/xml", make.ubl().encode()))
    found = open_file(whole.as_bytes())
    assert [part.refusal.code if part.refusal else "" for part in found.parts] == [INCOMPLETE, ""]  # type: ignore[union-attr]


@pytest.mark.skipif(not FILES, reason="no folder of real documents beside the repository")
def test_no_real_document_is_called_incomplete() -> None:
    assert [path.name for path in FILES if code_of(path.read_bytes()) == INCOMPLETE] == []


def test_a_picture_that_ends_with_its_end_marker_is_whole_however_it_is_built() -> None:
    odd = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\xff\xe1\xff\xf0" * 50 + b"\xff\xd9"
    assert code_of(odd) == ""
    assert code_of(odd + b"\0\0") == ""
    assert code_of(odd[:-2]) == INCOMPLETE
