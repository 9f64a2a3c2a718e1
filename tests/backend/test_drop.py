"""The SFTP drop: what is put into it is a document before its sender hears that it went well, or is not there."""

import asyncio
import contextlib
import stat
import time
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from banqup_tui.backend.db import tables
from banqup_tui.backend.intake import arrivals, sftp_drop_files
from banqup_tui.backend.intake.arrivals import ArrivedPart
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.source import SourceKind
from banqup_tui.protocol.commands import AddSource, RemoveAccount, RemoveSource
from banqup_tui.sources.drop_spool import DropLimits
from tests.support.drop import PASSWORD, account, drop_of, put
from tests.support.intake_harness import IntakeHarness
from tests.support.papers import BAKERY, GARAGE, invoice, letter
from tests.support.waiting import until


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    (tmp_path / "data").mkdir()
    return IntakeHarness(tmp_path / "data")


async def test_a_file_that_was_put_is_a_document_by_the_time_its_sender_hears_so(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    async with drop_of(harness) as listening:
        account(harness)
        async with listening.sender() as sftp:
            await sftp.makedirs("/out/0912345673/purchases")
            await put(sftp, "/out/0912345673/purchases/a.xml", invoice())
            (document,) = harness.documents()
            assert (document.folder, document.file_name) == (Folder.PURCHASE_INVOICES, "a.xml")
            assert (await sftp.stat("/out/0912345673/purchases/a.xml")).size == len(invoice())
        assert listening.left_over() == []
    assert (harness.source().kind, harness.source().taken) == (SourceKind.SFTP_DROP, 1)


async def test_a_file_written_under_a_temporary_name_is_taken_when_it_is_renamed(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    async with drop_of(harness) as listening:
        account(harness)
        async with listening.sender() as sftp:
            await put(sftp, "/a.xml.tmp", invoice())
            assert harness.documents() == []
            await sftp.rename("/a.xml.tmp", "/a.xml")
            assert [document.file_name for document in harness.documents()] == ["a.xml"]
            await put(sftp, "/b.xml.part", invoice(number="B"))
            await sftp.posix_rename("/b.xml.part", "/TANNERIE/AP/b.xml")
        assert [document.number for document in harness.documents()] == ["2026-00417", "B"]
        assert listening.left_over() == []


async def test_an_upload_that_is_cut_off_is_not_taken_and_can_be_repeated(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    async with drop_of(harness) as listening:
        account(harness)
        for end in ("abort", "close"):
            async with listening.connected() as connection:
                sftp = await connection.start_sftp_client()
                file = await sftp.open("/a.xml", "wb")
                await file.write(invoice())
                assert len(listening.left_over()) == 1
                getattr(connection, end)()
            await until(lambda: listening.left_over() == [])
        assert (harness.documents(), harness.unfiled_rows()) == ([], [])
        await listening.put("/a.xml", invoice())
        assert len(harness.documents()) == 1


async def test_a_channel_that_ends_without_a_close_is_no_whole_file(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    async with drop_of(harness) as listening:
        account(harness)
        async with listening.connected() as connection:
            sftp = await connection.start_sftp_client()
            file = await sftp.open("/a.xml", "wb")
            await file.write(invoice())
            sftp.exit()
            await until(lambda: listening.left_over() == [])
            assert harness.documents() == []


async def test_a_file_that_is_open_at_a_packet_that_makes_no_sense_is_no_whole_file(harness: IntakeHarness) -> None:
    """The connection lives on, and the sender has written all of the file but not closed it."""
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    async with drop_of(harness) as listening:
        account(harness)
        async with listening.connected() as connection:
            writer, reader, _ = await connection.open_session(subsystem="sftp", encoding=None)
            writer.write(packet(INIT, (3).to_bytes(4, "big")))
            await answer(reader)
            path, create = string(b"/a.xml"), (0x1A).to_bytes(4, "big")
            writer.write(packet(OPEN, bytes(4) + path + create + bytes(4)))
            handle = (await answer(reader))[5:]
            writer.write(packet(WRITE, bytes(4) + handle + bytes(8) + string(invoice())))
            await answer(reader)
            assert len(listening.left_over()) == 1
            writer.write(b"\xff\xff\xff\xff")
            await until(lambda: listening.left_over() == [])
            assert harness.documents() == []
            assert not connection.is_closed()
        assert harness.unfiled_rows() == []


INIT, OPEN, WRITE = 1, 3, 6
"""Packets of version 3 of the protocol (draft-ietf-secsh-filexfer-02, section 3)."""


def string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def packet(kind: int, content: bytes) -> bytes:
    return string(bytes([kind]) + content)


async def answer(reader: "asyncssh.SSHReader[bytes]") -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))


async def test_a_file_with_a_hole_in_it_is_refused(harness: IntakeHarness) -> None:
    async with drop_of(harness) as listening:
        account(harness)
        async with listening.sender() as sftp:
            with pytest.raises(asyncssh.SFTPFailure, match="missing"):
                async with sftp.open("/a.xml", "wb") as file:
                    await file.write(b"end", 100)
        assert (harness.unfiled_rows(), listening.left_over()) == ([], [])


async def test_the_same_file_put_again_or_under_another_name_is_one_document(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    async with drop_of(harness) as listening:
        account(harness)
        for name in ("/a.xml", "/a.xml", "/resent.xml"):
            await listening.put(name, invoice())
    assert len(harness.documents()) == 1
    assert harness.source().taken == 1


async def test_an_account_only_writes(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    async with drop_of(harness) as listening:
        account(harness)
        async with listening.sender() as sftp:
            await put(sftp, "/a.xml", invoice())
            await put(sftp, "/b.xml.tmp", invoice())
            for path in ("/a.xml", "/b.xml.tmp"):
                with pytest.raises(asyncssh.SFTPPermissionDenied):
                    await sftp.open(path, "rb")
            async with sftp.open("/c.xml", "w+b") as file:
                with pytest.raises(asyncssh.SFTPPermissionDenied):
                    await file.read(10, 0)
            for refused in (sftp.symlink("/etc", "/link"), sftp.link("/b.xml.tmp", "/d"), sftp.readlink("/a.xml")):
                with pytest.raises(asyncssh.SFTPOpUnsupported):
                    await refused
        async with listening.connected() as connection:
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.run("ls", check=True)


async def test_an_account_sees_nothing_of_the_machine_nor_of_the_others(harness: IntakeHarness) -> None:
    async with drop_of(harness) as listening:
        account(harness)
        account(harness, "billit")
        await listening.put("/secret.tmp", b"x", user="billit")
        async with listening.sender() as sftp:
            for path in ("/../../../../etc", "/etc/passwd", "/secret.tmp", "../secret.tmp"):
                with pytest.raises(asyncssh.SFTPNoSuchFile):
                    await sftp.stat(path)
            await put(sftp, "/../../up.xml.tmp", b"x")
            assert await sftp.realpath("/a/../../b") == "/b"
            assert set(await sftp.listdir("/")) == {".", "..", "up.xml.tmp"}
        inside = {path.relative_to(listening.spool).parts[1:] for path in listening.left_over()}
        assert inside == {("tree", "up.xml.tmp"), ("tree", "secret.tmp")}


async def test_a_wrong_password_a_stranger_and_a_wrong_key_stay_outside(harness: IntakeHarness) -> None:
    async with drop_of(harness) as listening:
        account(harness)
        mine, other = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
        account(harness, "keyed", public_key=mine.export_public_key().decode().strip())
        tries = (
            {"user": "banqup", "password": "wrong"},
            {"user": "nobody", "password": PASSWORD},
            {"user": "keyed", "password": PASSWORD},
            {"user": "keyed", "password": None, "client_keys": [other]},
        )
        for tried in tries:
            with pytest.raises(asyncssh.PermissionDenied):
                async with listening.sender(**tried):
                    pass
        async with listening.sender("keyed", password=None, client_keys=[mine]) as sftp:
            assert await sftp.realpath(".") == "/"


async def test_who_guesses_passwords_is_no_longer_listened_to(harness: IntakeHarness) -> None:
    async with drop_of(harness) as listening:
        account(harness)

        class Guessing(asyncssh.SSHClient):
            tries = 0

            def password_auth_requested(self) -> str:
                self.tries += 1
                return f"guess-{self.tries}"

        with pytest.raises((asyncssh.DisconnectError, asyncssh.ConnectionLost)):
            await asyncssh.connect(
                "127.0.0.1",
                listening.port,
                username="banqup",
                known_hosts=None,
                client_keys=None,
                config=None,
                client_factory=Guessing,
            )


async def test_too_large_too_many_and_too_much_are_refused_and_leave_nothing(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    limits = DropLimits(largest_file=8_000, waiting_files=2, open_files=2, files_an_hour=2)
    async with drop_of(harness, limits) as listening:
        account(harness)
        async with listening.sender() as sftp:
            with pytest.raises(asyncssh.SFTPFailure, match="at most"):
                await put(sftp, "/large.xml", b"x" * 8_001)
            assert listening.left_over() == []
            for name in ("a", "b"):
                await put(sftp, f"/{name}.tmp", b"x")
            with pytest.raises(asyncssh.SFTPFailure, match="waits"):
                await put(sftp, "/c.tmp", b"x")
            await sftp.remove("/a.tmp")
            for number in ("1", "2"):
                await put(sftp, f"/{number}.xml", invoice(number=number))
            with pytest.raises(asyncssh.SFTPFailure, match="hour"):
                await put(sftp, "/3.xml", invoice(number="3"))
    assert [document.number for document in harness.documents()] == ["1", "2"]


async def test_what_cannot_be_placed_is_kept_with_its_reason_and_the_sender_is_done(harness: IntakeHarness) -> None:
    async with drop_of(harness, picture_wait_seconds=0.2) as listening:
        account(harness)
        await listening.put("/x/a.xml", invoice())
        await listening.put("/x/bad.xml", b"<?xml version='1.0'?><x>")
        await listening.put("/x/scan.pdf", letter())
        await until(lambda: len(harness.unfiled_rows()) == 3)
    stored = [(waiting.file_name, waiting.source) for waiting in harness.unfiled_rows()]
    assert stored == [("x/a.xml", "sftp banqup"), ("x/bad.xml", "sftp banqup"), ("x/scan.pdf", "sftp banqup")]
    assert all(harness.services.files.has(waiting.sha256) for waiting in harness.unfiled_rows())
    assert harness.source().refused == 3


async def test_the_account_says_whose_a_scan_is(harness: IntakeHarness) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    async with drop_of(harness) as listening:
        account(harness, client_id=client.id, folder=Folder.PURCHASE_RECEIPTS)
        await listening.put("/lunch.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 100 + b"\xff\xd9")
        (document,) = harness.documents()
        assert (document.client_id, document.folder) == (client.id, Folder.PURCHASE_RECEIPTS)


async def test_an_account_of_one_client_and_a_path_of_another_wait_with_both_said(harness: IntakeHarness) -> None:
    client = harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    harness.client(GARAGE.name, "LEMAITRE", GARAGE.vat_number)
    async with drop_of(harness) as listening:
        account(harness, client_id=client.id)
        await listening.put("/LEMAITRE/tickets/lunch.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 100 + b"\xff\xd9")
    (waiting,) = harness.unfiled_rows()
    assert waiting.reason.params == {"account": BAKERY.name, "names": GARAGE.name}


@pytest.mark.parametrize("first", ["a.pdf", "a.xml"])
async def test_a_pdf_before_or_after_its_xml_is_its_picture(harness: IntakeHarness, first: str) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    contents = {"a.xml": invoice(), "a.pdf": letter()}
    async with drop_of(harness) as listening:
        account(harness)
        for name in sorted(contents, key=lambda name: name != first):
            await listening.put(f"/TANNERIE/AP/{name}", contents[name])
    assert [document.file_name for document in harness.documents()] == ["a.xml"]
    outcomes = {row.path: row.outcome for row in harness.rows(tables.source_file.select())}
    assert outcomes["banqup/TANNERIE/AP/a.pdf"] == "PICTURE"


async def test_a_pdf_that_waits_and_is_sent_again_behind_its_xml_is_its_picture_and_waits_no_longer(
    harness: IntakeHarness,
) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    async with drop_of(harness, picture_wait_seconds=0.05) as listening:
        account(harness)
        await listening.put("/x/a.pdf", letter())
        await until(lambda: len(harness.unfiled_rows()) == 1)
        await listening.put("/x/a.xml", invoice())
        await listening.put("/x/a.pdf", letter())
    (document,) = harness.documents()
    assert document.picture is not None
    assert harness.unfiled_rows() == []
    assert harness.source().refused == 0


async def test_a_file_that_was_taken_and_then_moved_is_placed_by_its_new_path(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    async with drop_of(harness) as listening:
        account(harness)
        async with listening.sender() as sftp:
            await put(sftp, "/lunch.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 100 + b"\xff\xd9")
            assert len(harness.unfiled_rows()) == 1
            await sftp.rename("/lunch.jpg", "/TANNERIE/tickets/lunch.jpg")
    assert harness.unfiled_rows() == []
    assert [document.folder for document in harness.documents()] == [Folder.PURCHASE_RECEIPTS]


async def test_the_host_key_is_the_same_after_a_restart_and_nobody_elses_to_read(harness: IntakeHarness) -> None:
    async with drop_of(harness, new_host_key=True) as listening:
        account(harness)
        async with listening.connected() as connection:
            first = connection.get_server_host_key().get_fingerprint()
        assert harness.source().fingerprint == first
        key = harness.services.files.home / "drop_host_key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    async with drop_of(harness, new_host_key=True) as listening, listening.connected() as connection:
        assert connection.get_server_host_key().get_fingerprint() == first


async def test_a_restart_keeps_what_is_whole_and_clears_what_is_half(harness: IntakeHarness) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    async with drop_of(harness) as listening:
        account_id = account(harness)
        await listening.put("/a.xml.tmp", invoice())
        half = listening.spool / account_id / "half" / "cut-off"
        half.write_bytes(invoice()[:100])
    async with drop_of(harness) as listening:
        await until(lambda: not half.exists())
        async with listening.sender() as sftp:
            await sftp.rename("/a.xml.tmp", "/a.xml")
    assert len(harness.documents()) == 1


async def test_who_is_removed_is_shown_out_and_a_removed_drop_listens_no_more(harness: IntakeHarness) -> None:
    async with drop_of(harness) as listening:
        account_id = account(harness)
        async with listening.connected() as connection:
            harness.do(RemoveAccount(account_id=account_id))
            await asyncio.wait_for(connection.wait_closed(), 10)
        with pytest.raises(asyncssh.PermissionDenied):
            async with listening.sender():
                pass
        harness.do(RemoveSource(source_id="drop"))
        await until(lambda: _is_refused(listening.port))


def _is_refused(port: int) -> bool:
    import socket

    try:
        with contextlib.suppress(ConnectionResetError):
            socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionRefusedError:
        return True
    return False


async def test_an_address_that_is_taken_is_said_at_the_source(harness: IntakeHarness) -> None:
    async with drop_of(harness) as listening:
        taken = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        port = taken.sockets[0].getsockname()[1]
        harness.do(AddSource(source_id="other", path=f"127.0.0.1:{port}", kind=SourceKind.SFTP_DROP))
        await until(lambda: [one.code for one in harness.source().problems] == ["source.drop-not-open"])
        harness.do(AddSource(source_id="other", path=f"127.0.0.1:{listening.port}", kind=SourceKind.SFTP_DROP))
        await until(lambda: not harness.source().problems)
        taken.close()


async def test_a_password_is_not_kept_in_the_clear_and_takes_its_time(harness: IntakeHarness) -> None:
    async with drop_of(harness):
        account(harness)
    stored = harness.rows(tables.drop_account.select())[0].secret
    assert PASSWORD not in stored
    started = time.monotonic()
    from banqup_tui.domain.passwords import is_password

    assert is_password(PASSWORD, stored)
    assert not is_password(f"{PASSWORD}x", stored)
    assert time.monotonic() - started > 0.02


def pdfs_that_wait(harness: IntakeHarness, count: int) -> None:
    harness.do(AddSource(source_id="drop", path="127.0.0.1:2022", kind=SourceKind.SFTP_DROP))
    account_id = account(harness)
    for number in range(count):
        sha256 = harness.put(letter(f"{number}"))
        sftp_drop_files.take_accepted(harness.services, account_id, f"TANNERIE/tickets/{number:02}.pdf", sha256)


def test_pdfs_whose_xml_did_not_come_are_filed_together(
    harness: IntakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sftp_drop_files, "SECONDS_LOCKED", 60.0)
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    pdfs_that_wait(harness, 20)
    assert harness.documents() == []
    assert sftp_drop_files.file_waiting_pictures(harness.services, older_than=60)
    assert harness.documents() == []
    assert not sftp_drop_files.file_waiting_pictures(harness.services, older_than=0)
    assert len(harness.documents()) == harness.source().taken == 20
    assert len({document.created_at for document in harness.documents()}) == 2


def test_a_pdf_that_cannot_be_filed_does_not_undo_those_that_waited_before_it(
    harness: IntakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    pdfs_that_wait(harness, 5)
    take = arrivals.take

    def broken(transaction: Any, services: Any, parts: tuple[ArrivedPart, ...]) -> Any:
        if parts[0].arrival.file_name == "03.pdf":
            raise RuntimeError("defect")
        return take(transaction, services, parts)

    with monkeypatch.context() as patched:
        patched.setattr(arrivals, "take", broken)
        with pytest.raises(RuntimeError):
            sftp_drop_files.file_waiting_pictures(harness.services, older_than=0)
    assert [document.file_name for document in harness.documents()] == ["00.pdf", "01.pdf", "02.pdf"]
    assert not sftp_drop_files.file_waiting_pictures(harness.services, older_than=0)
    assert len(harness.documents()) == harness.source().taken == 5
