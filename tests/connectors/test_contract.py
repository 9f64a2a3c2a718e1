"""The contract of all connectors, for those that write files."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import msgspec
import pytest

from banqup_tui.connectors.local_folder import LocalFolder, LocalFolderSettings
from banqup_tui.connectors.sftp.connector import Sftp
from tests.connectors.contract import Arrived, Contract, Receiver, WireContract, WiredReceiver
from tests.support.sftp import SSHD, Server, asyncssh_server, openssh
from tests.support.wire import Wire, wire_to


def visible(root: Path) -> list[Arrived]:
    files = [seen for seen in root.rglob("*") if seen.is_file() and not seen.name.startswith(".banqup-")]
    return [Arrived(seen.name, seen.read_bytes()) for seen in files]


class Folder:
    connector = LocalFolder()
    secret = ""
    largest = None
    answers_in_commit = 0

    def __init__(self, root: Path) -> None:
        self.root = root

    def settings(self) -> LocalFolderSettings:
        return LocalFolderSettings(path=f"{self.root}/[folder]")

    def wrong_credentials(self) -> None:
        return None

    async def arrived(self) -> list[Arrived]:
        return visible(self.root)

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        """A file stands where the folder should be: root may write anywhere, so a mode would not stop it."""
        self.root.mkdir(exist_ok=True)
        blocked = self.root / "purchases"
        os.mkfifo(blocked)
        yield
        blocked.unlink()


class SftpServer:
    connector = Sftp()
    secret = "geheim"
    largest = None
    answers_in_commit = 0

    def __init__(self, server: Server, wire: Wire) -> None:
        self.server, self.wire = server, wire

    def settings(self) -> Any:
        return self.server.settings(port=self.wire.port, path="/[folder]")

    def wrong_credentials(self) -> Any:
        return msgspec.structs.replace(self.settings(), password="verkeerd")

    async def arrived(self) -> list[Arrived]:
        return visible(self.server.root)

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        blocked = self.server.root / "purchases"
        os.mkfifo(blocked)
        yield
        blocked.unlink()


class OpensshServer(SftpServer):
    """Signs in by a key, and sees the machine's own root."""

    def __init__(self, server: Server, wire: Wire) -> None:
        super().__init__(server, wire)
        self.secret = server.access["private_key"].splitlines()[1]

    def settings(self) -> Any:
        return self.server.settings(port=self.wire.port, path=f"{self.server.root}/[folder]")

    def wrong_credentials(self) -> Any:
        other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
        return msgspec.structs.replace(self.settings(), private_key=other)


class TestALocalFolder(Contract):
    @pytest.fixture
    def receiver(self, tmp_path: Path) -> Receiver:
        return Folder(tmp_path / "in")


class TestAnSftpServer(WireContract):
    @pytest.fixture
    async def receiver(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WiredReceiver]:
        monkeypatch.setattr("banqup_tui.connectors.sftp.channel.CLEANING_SECONDS", 0.2)
        async with asyncssh_server(tmp_path / "server") as server, wire_to(server.port) as wire:
            yield SftpServer(server, wire)


@pytest.mark.skipif(SSHD is None, reason="OpenSSH's sshd is not on this machine")
class TestAnOpensshServer(WireContract):
    @pytest.fixture
    async def receiver(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WiredReceiver]:
        monkeypatch.setattr("banqup_tui.connectors.sftp.channel.CLEANING_SECONDS", 0.2)
        with openssh(tmp_path / "server") as server:
            async with wire_to(server.port) as wire:
                yield OpensshServer(server, wire)
