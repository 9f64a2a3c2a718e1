"""A document that another program opens is called what its content is, and its copy goes away."""

import io
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from banqup_tui.actions import temporary_copies
from banqup_tui.actions.file_export import save_copy
from banqup_tui.actions.registry import BY_ID
from banqup_tui.formats.suffix import named_by_content
from tests.actions.fakes import FakeActionSession, FakeAsk, a_context, a_document
from tests.support.papers import invoice, letter

DESKTOP = b"[Desktop Entry]\nType=Application\nName=Facture\nExec=sh -c 'id'\n"
PAGE = b"<html><script>1</script></html>"
XHTML = b'<?xml version="1.0"?><a xmlns:x="http://www.w3.org/1999/xhtml"><x:script>1</x:script></a>'
HIDDEN_XHTML = b'<a xmlns:x="http://www.w3.org/1999/xhtm&#x6c;"><x:script>1</x:script></a>'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="1"/>'
STYLED = b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl" type="text/xsl"?><Invoice/>'
PLIST = b"<?xml version='1.0'?><!DOCTYPE plist><plist/>"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def setup(folder: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr(f"{folder}/document.xml", "x")
    return out.getvalue()


CASES = [
    ("facture.pdf.desktop", DESKTOP, "facture.pdf.desktop.txt"),
    ("invoice.url", b"[InternetShortcut]\nURL=file:///etc/passwd\n", "invoice.url.txt"),
    ("script.py", b"print(1)\n", "script.py.txt"),
    ("macro.bat", b"@echo off\r\n", "macro.bat.txt"),
    ("x.JS", b"var a = 1;\n", "x.JS.txt"),
    ("page.html", PAGE, "page.html.txt"),
    ("page.xml", PAGE, "page.xml.txt"),
    ("x.xml", XHTML, "x.xml.txt"),
    ("x.xml", HIDDEN_XHTML, "x.xml.txt"),
    ("pic.svg", SVG, "pic.svg.txt"),
    ("x.xml", STYLED, "x.xml.txt"),
    ("Facture.terminal", PLIST, "Facture.terminal.txt"),
    ("invoice.exe", b"MZ" + bytes(100), "invoice.exe.bin"),
    ("run", b"#!/bin/sh\nid\n", "run.bin"),
    ("scan.pdf", PNG, "scan.pdf.png"),
    ("letter.docx", setup("word"), "letter.docx"),
    ("letter.docm", setup("word"), "letter.docm.docx"),
    ("letter.pdf", letter(), "letter.pdf"),
    ("F1.XML", invoice(number="F1"), "F1.XML"),
    ("F1", invoice(number="F1"), "F1.xml"),
    ("bank.cod", b"an account\n", "bank.cod"),
    ("-rf.txt", b"text", "-rf.txt"),
    ("é" * 300 + ".desktop", DESKTOP, "é" * 96 + ".des.txt"),
]


@pytest.mark.parametrize(("name", "content", "called"), CASES, ids=[case[2][-24:] for case in CASES])
def test_the_extension_is_that_of_the_content(name: str, content: bytes, called: str) -> None:
    assert named_by_content(name, content) == called


def test_a_download_gets_it_as_well(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(DESKTOP)
    assert save_copy(source, tmp_path / "to", "facture.desktop").name == "facture.desktop.txt"
    assert save_copy(source, tmp_path / "to", "facture.desktop").name == "facture.desktop (2).txt"


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BANQUP_HOME", str(tmp_path / "home"))
    temporary_copies.remove_copies()
    return tmp_path / "home/cache/opened"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_an_opened_copy_is_of_its_owner_only_and_goes_at_the_end(
    opened: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bytes").write_bytes(DESKTOP)
    ask, session = FakeAsk(), FakeActionSession()
    values: list[Path] = []

    async def download(sha256: str) -> Path:
        return tmp_path / "bytes"

    async def open_outside(path: Path) -> None:
        values.append(path)

    monkeypatch.setattr(session, "download", download)
    monkeypatch.setattr(ask, "open_outside", open_outside)
    document = a_document(file_name="facture.pdf.desktop")
    for _ in range(2):
        await BY_ID["open-outside"].run(a_context(ask, session, documents=[document]))
    assert [path.name for path in values] == ["facture.pdf.desktop.txt"] * 2
    assert [mode(path) for path in values] == [0o600] * 2
    assert {mode(path.parent) for path in values} | {mode(opened)} == {0o700}
    temporary_copies.remove_old_copies()
    assert values[0].exists(), "a copy that is in use is left"
    temporary_copies.remove_copies()
    assert not any(values[0].parents[2].iterdir())


KILLED = """
import os, signal, sys
from pathlib import Path
from banqup_tui.actions import temporary_copies
temporary_copies._copy(Path(sys.argv[1]), "a.txt")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_program_left_goes_at_the_next_start(opened: Path, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"text")
    ran = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "bytes")], env=os.environ, check=False)
    assert ran.returncode < 0
    assert len(list(opened.rglob("a.txt"))) == 1
    temporary_copies.remove_old_copies()
    assert not list(opened.iterdir())
