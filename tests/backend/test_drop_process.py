"""The process of the SFTP drop: what it shares with the service, who is let in, and how it ends."""

import asyncio
import contextlib
import hashlib
import logging
import os
import signal
import socket
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from banqup_tui.backend.intake.drop_process.client import DropProcess
from banqup_tui.backend.intake.sftp_drop import SftpDrop
from banqup_tui.domain import passwords
from banqup_tui.domain.passwords import password_hash
from banqup_tui.protocol.commands import RemoveAccount
from banqup_tui.sources import drop_auth
from banqup_tui.sources.drop_auth import DropAuth
from banqup_tui.sources.drop_server import MOST_REFUSED_WRITES
from banqup_tui.sources.drop_spool import DropLimits
from tests.support.drop import PASSWORD, DropHarness, account, drop_of, put
from tests.support.intake_harness import IntakeHarness
from tests.support.papers import BAKERY, invoice
from tests.support.waiting import until


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    (tmp_path / "data").mkdir()
    return IntakeHarness(tmp_path / "data")


def processes() -> list[int]:
    """Of the drop, among the children of this process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == os.getpid() and b"drop_process" in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


async def test_the_drop_runs_beside_the_service_and_ends_with_it(
    harness: IntakeHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
    async with drop_of(harness, make=DropProcess) as sftp_drop:
        (child,) = processes()
        account(harness)
        await sftp_drop.put("/TANNERIE/AP/a.xml", invoice())
        assert len(harness.documents()) == 1
        async with sftp_drop.sender() as sftp:
            await put(sftp, "/b.xml.tmp", invoice(number="B"))
            await sftp.rename("/b.xml.tmp", "/TANNERIE/AP/b.xml")
            await sftp.rename("/TANNERIE/AP/b.xml", "/TANNERIE/AP/c.xml")
        assert sftp_drop.left_over() == []
        with pytest.raises(asyncssh.PermissionDenied):
            async with sftp_drop.sender("who", password="letmein-please"):
                pass
        await until(lambda: "sign-in failed, from 127.0.0.1 as 'who'" in caplog.text)
        assert "letmein" not in caplog.text

        os.kill(child, signal.SIGKILL)
        await until(lambda: processes() not in ([], [child]))
        await until(lambda: _takes(sftp_drop))
        await sftp_drop.put("/TANNERIE/AP/d.xml", invoice(number="D"))
    assert [document.number for document in harness.documents()] == ["2026-00417", "B", "D"]
    assert processes() == []


def _takes(sftp_drop: DropHarness) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", sftp_drop.port), 1) as made:
            return made.recv(4) == b"SSH-"
    except OSError:
        return False


async def test_strangers_who_hold_connections_keep_no_sender_out(harness: IntakeHarness) -> None:
    async with drop_of(harness) as sftp_drop:
        account(harness)
        open_ones = await asyncio.to_thread(_connections, sftp_drop.port)
        async with asyncio.timeout(20), sftp_drop.sender() as sftp:
            assert await sftp.realpath(".") == "/"
        for one in open_ones:
            one.close()


def _connections(port: int) -> list[socket.socket]:
    return [socket.create_connection(("127.0.0.1", port)) for _ in range(120)]


async def test_who_goes_on_writing_what_is_refused_is_shown_out(harness: IntakeHarness) -> None:
    async with drop_of(harness, DropLimits(largest_file=1)) as sftp_drop:
        account(harness)
        async with sftp_drop.connected() as connection:
            sftp = await connection.start_sftp_client()
            file = await sftp.open("/a.tmp", "wb")
            for _ in range(MOST_REFUSED_WRITES):
                with contextlib.suppress(asyncssh.SFTPFailure):
                    await file.write(b"xx", 0)
            assert not connection.is_closed()
            with pytest.raises((asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost)):
                await file.write(b"xx", 0)
        await until(lambda: sftp_drop.left_over() == [])


KEY = asyncssh.generate_private_key("ssh-ed25519")
METHODS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "password": ({"password": "wrong", "preferred_auth": "password"}, ["_row_of", "scrypt"]),
    "keyboard": ({"password": "wrong", "preferred_auth": "keyboard-interactive"}, ["_row_of", "scrypt"]),
    "key": ({"client_keys": [KEY], "preferred_auth": "publickey"}, ["_row_of", "import_public_key"]),
    "none": ({"preferred_auth": "none"}, []),
}
"""With what each costs."""


async def test_a_failed_sign_in_is_the_same_work_whoever_is_known(
    harness: IntakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its time would say which accounts there are."""
    transaction: list[object] = []

    def noted(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def called(*values: Any, **more: Any) -> Any:
            transaction.append((name, len(values), sorted((key, one) for key, one in more.items() if key != "salt")))
            return real(*values, **more)

        monkeypatch.setattr(owner, name, called)

    async with drop_of(harness) as sftp_drop:
        account(harness, "with-password", secret=password_hash("another"))
        account(harness, "with-key", public_key=client_key())
        gone = account(harness, "gone")
        harness.do(RemoveAccount(account_id=gone))
        monkeypatch.setattr(drop_auth, "is_password", passwords.is_password)  # the answers are not cached here
        noted(hashlib, "scrypt")
        noted(asyncssh, "import_public_key")
        noted(SftpDrop, "_row_of")
        for method, (values, costs) in METHODS.items():
            done: dict[str, list[Any]] = {}
            for user in ("with-password", "with-key", "gone", "nobody"):
                transaction.clear()
                with pytest.raises(asyncssh.PermissionDenied):
                    async with sftp_drop.sender(user, **values):
                        pass
                done[user] = list(transaction)
            assert done["with-password"] == done["with-key"] == done["gone"] == done["nobody"], method
            assert [what for what, *_ in done["nobody"]] == costs


def client_key() -> str:
    return str(asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip())


class Stranger:
    """A connection, as the list of those inside sees it."""

    account = None
    username = ""

    def __init__(self, address: str) -> None:
        self.address = address
        self.is_out = False

    def disconnect(self) -> None:
        self.is_out = True


def test_who_makes_way_is_of_the_address_with_the_most() -> None:
    auth = DropAuth(_nobody, connections=16)
    first = [Stranger("192.0.2.1") for _ in range(drop_auth.STRANGERS_OF_AN_ADDRESS)]
    others = [Stranger(f"198.51.100.{number}") for number in range(drop_auth.MOST_STRANGERS - len(first))]
    for one in (*first, *others):
        assert auth.admit(one)  # type: ignore[arg-type]
    assert not any(one.is_out for one in (*first, *others))
    first[0].username = "known"
    assert auth.admit(Stranger("203.0.113.1"))  # type: ignore[arg-type]
    assert [one.is_out for one in first[:3]] == [False, True, False]
    assert not any(one.is_out for one in others)


async def _nobody(_name: str) -> None:
    return None


def test_a_flood_of_failed_sign_ins_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    auth = DropAuth(_nobody, connections=16, clock=lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for _ in range(500):
            auth.note("192.0.2.1", "\x1b[31m\u202ewho\n" + "x" * 5_000, 6, 0)
        now[0] = 61
        auth.note("192.0.2.1", "x", 1, 0)
    assert len(caplog.records) == 32
    assert "470 more" in caplog.text
    assert "\x1b" not in caplog.text
    assert caplog.records[0].getMessage().startswith("the drop: sign-in failed, from 192.0.2.1 as 'who xxx")
    assert max(len(record.getMessage()) for record in caplog.records) < 200


@pytest.mark.parametrize(
    "old",
    [
        {"kex_algs": ["ecdh-sha2-nistp256", "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1"]},
        {"encryption_algs": ["aes128-cbc", "3des-cbc", "arcfour"]},
        {"mac_algs": ["hmac-sha1", "hmac-md5", "umac-64@openssh.com"], "encryption_algs": ["aes128-ctr"]},
        {"server_host_key_algs": ["ssh-rsa", "ecdsa-sha2-nistp256"]},
    ],
)
async def test_what_is_weak_is_not_spoken(harness: IntakeHarness, old: dict[str, Any]) -> None:
    async with drop_of(harness, new_host_key=True) as sftp_drop:
        account(harness)
        with pytest.raises(asyncssh.DisconnectError):
            async with sftp_drop.sender(password=PASSWORD, **old):
                pass
        async with sftp_drop.connected() as connection:
            key = connection.get_server_host_key()
            assert key is not None
            assert key.get_algorithm() == "ssh-rsa"
            assert str(connection.get_extra_info("mac")) != "hmac-sha1"
