"""Servers that refuse, lose the line, show less than they have, or answer nonsense: what is then said of a document."""

import os
from pathlib import Path
from typing import Any, NoReturn

import asyncssh
import pytest

from banqup_tui.connectors.common.hidden_file import resume_token_of
from banqup_tui.connectors.interface import Fault, NotSent, Uncertain
from banqup_tui.connectors.sftp.connector import Sftp, SftpSettings
from tests.support.delivery_requests import delivery_request
from tests.support.messages import raising, remedy, sentence
from tests.support.sftp import asyncssh_server, roll_forward, send


class Full(asyncssh.SFTPServer):
    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        raise asyncssh.SFTPFailure("No space left on device\x1b[31m")


class Forbidden(asyncssh.SFTPServer):
    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        raise asyncssh.SFTPPermissionDenied("Permission denied")


class NoRename(asyncssh.SFTPServer):
    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("Permission denied")


class Vague(asyncssh.SFTPServer):
    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        raise asyncssh.SFTPFailure("Failure")


@pytest.mark.parametrize(
    ("kind", "fault", "words"),
    [
        (Full, Fault.INTEGRATION, "has no room in /: “No space left on device\\[31m”"),
        (Forbidden, Fault.PERSON, "does not let / be written to: “Permission denied”"),
        (NoRename, Fault.PERSON, "does not let files be renamed in /: “Permission denied”"),
        (Vague, Fault.DOCUMENT, "could not write into /: “Failure”"),
    ],
)
async def test_each_refusal_of_a_server_has_its_sentence(
    tmp_path: Path, store: Path, kind: type[asyncssh.SFTPServer], fault: Fault, words: str
) -> None:
    async with asyncssh_server(tmp_path / "server", kind) as server:
        with raising(NotSent, match=words) as caught:
            await send(server.settings(), delivery_request(store))
    assert caught.value.fault is fault
    assert not [name for name in server.files() if not name.startswith(".")]


@pytest.mark.parametrize("kind", [Full, Forbidden, NoRename, Vague])
async def test_what_stops_a_document_stops_the_test_of_the_connection_in_the_same_words(
    tmp_path: Path, store: Path, kind: type[asyncssh.SFTPServer]
) -> None:
    async with asyncssh_server(tmp_path / "server", kind) as server:
        with pytest.raises(NotSent) as caught:
            await send(server.settings(), delivery_request(store))
        *_, last = await Sftp().test(server.settings(), delivery_request(store))
    assert not last.ok
    assert sentence(last).endswith(sentence(caught.value))
    assert not [name for name in server.files() if "banqup-test" in name]


async def test_a_line_that_breaks_after_the_rename_was_asked_for_leaves_it_uncertain(
    tmp_path: Path, store: Path
) -> None:
    class Cut(asyncssh.SFTPServer):
        def rename(self, oldpath: bytes, newpath: bytes) -> None:
            super().rename(oldpath, newpath)
            self.connection.abort()

    async with asyncssh_server(tmp_path / "server", Cut) as server:
        async with Sftp().connect(server.settings()) as channel:
            resume_token = await channel.prepare(delivery_request(store))
            with raising(Uncertain, match="broke while the document got its name"):
                await channel.commit(delivery_request(store), resume_token)
        receipt = await roll_forward(server.settings(), delivery_request(store), resume_token)
    assert receipt.text == resume_token_of(resume_token).final
    assert server.files() == ["2026-11874.xml"]


async def test_a_line_that_breaks_during_the_upload_is_certainly_not_sent(tmp_path: Path, store: Path) -> None:
    class Cut(asyncssh.SFTPServer):
        def write(self, file_obj: object, offset: int, data: bytes) -> int:
            self.connection.abort()
            return len(data)

    async with asyncssh_server(tmp_path / "server", Cut) as server:
        with raising(NotSent, match="connection broke") as caught:
            await send(server.settings(), delivery_request(store))
    assert caught.value.fault is Fault.INTEGRATION


async def test_a_server_that_keeps_less_than_it_was_given_is_found_out(tmp_path: Path, store: Path) -> None:
    class Short(asyncssh.SFTPServer):
        def write(self, file_obj: Any, offset: int, data: bytes) -> int:
            super().write(file_obj, offset, data[:4])
            return len(data)

    async with asyncssh_server(tmp_path / "server", Short) as server:
        with raising(NotSent, match="4 of 30 bytes were kept"):
            await send(server.settings(), delivery_request(store))
    assert server.files() == []


async def test_a_server_that_does_not_let_it_be_seen_proves_nothing(tmp_path: Path, store: Path) -> None:
    class Shut(asyncssh.SFTPServer):
        shut = False

        def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
            if Shut.shut:
                raise asyncssh.SFTPPermissionDenied("Permission denied")
            return asyncssh.SFTPAttrs.from_local(super().lstat(path))  # type: ignore[arg-type]

    async with asyncssh_server(tmp_path / "server", Shut) as server:
        async with Sftp().connect(server.settings()) as channel:
            resume_token = await channel.prepare(delivery_request(store))
        Shut.shut = True
        await roll_forward(server.settings(), delivery_request(store), resume_token)
        assert server.files() == ["2026-11874.xml"]
        with pytest.raises(Uncertain):
            await roll_forward(server.settings(), delivery_request(store), resume_token)
        Shut.shut = False
        await roll_forward(server.settings(), delivery_request(store), resume_token)
    assert server.files() == ["2026-11874.xml"]


async def test_a_server_that_takes_files_in_and_shows_none_is_served(tmp_path: Path, store: Path) -> None:
    class Slot(asyncssh.SFTPServer):
        def stat(self, path: bytes) -> NoReturn:
            raise asyncssh.SFTPPermissionDenied("Permission denied")

        lstat = stat

        def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
            raise asyncssh.SFTPPermissionDenied("Permission denied")

    async with asyncssh_server(tmp_path / "server", Slot) as server:
        (server.root / "in").mkdir()
        await send(server.settings(path="/in"), delivery_request(store))
    assert server.files() == ["in/2026-11874.xml"]


async def test_a_server_without_any_extension_is_served(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asyncssh.sftp.SFTPServerHandler._extensions", [])
    async with asyncssh_server(tmp_path / "server") as server:
        what = delivery_request(store, os.urandom(300_000))
        await send(server.settings(), what)
        assert (server.root / server.files()[0]).read_bytes() == what.file.read_bytes()


async def test_a_server_that_answers_nonsense_is_given_up_and_tried_again(tmp_path: Path, store: Path) -> None:
    async def nonsense(process: "asyncssh.SSHServerProcess[bytes]") -> None:
        process.stdout.write(b"\x00\x00\x00\x05\x02\x00\x00\x00\x03")
        await process.stdin.read(9)
        process.stdout.write(b"\x7f\xff\xff\xff nonsense")
        await process.stdin.read()

    listener = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=OpenServer,
        server_host_keys=[(key := asyncssh.generate_private_key("ssh-ed25519"))],
        process_factory=nonsense,
        encoding=None,
    )
    try:
        settings = SftpSettings(
            host="127.0.0.1", port=listener.get_port(), user="u", path="/", host_key=key.get_fingerprint()
        )
        with pytest.raises(NotSent) as caught:
            await send(settings, delivery_request(store))
        assert remedy(caught.value)
    finally:
        listener.close()


class OpenServer(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False
