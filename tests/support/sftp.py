"""Real SFTP servers for tests: OpenSSH's where the machine has it, and asyncssh's own."""

import asyncio
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import msgspec

from banqup_tui.connectors.interface import DeliveryRequest, Receipt
from banqup_tui.connectors.sftp.connector import Sftp, SftpSettings

SSHD = shutil.which("sshd") or next(
    (path for path in ("/usr/sbin/sshd", "/usr/lib/ssh/sshd") if os.path.exists(path)), None
)
PASSWORD = "geheim"


class Server(msgspec.Struct, frozen=True):
    """`root`: the directory on this machine in which the paths of the settings below are."""

    port: int
    fingerprint: str
    root: Path
    access: dict[str, Any]

    def settings(self, **changed: Any) -> Any:
        values = {"host": "127.0.0.1", "port": self.port, "host_key": self.fingerprint, **self.access, **changed}
        return SftpSettings(**values)

    def files(self) -> list[str]:
        return sorted(str(seen.relative_to(self.root)) for seen in self.root.rglob("*") if seen.is_file())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def openssh(directory: Path, more: str = "") -> Iterator[Server]:
    """One process of sshd for this test alone; `more`: a line of its configuration.

    Raises `OSError` where it cannot be started.
    """
    root = directory / "in"
    root.mkdir(parents=True)
    host_key, user_key = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    for name, key in (("host", host_key), ("user", user_key)):
        key.write_private_key(directory / name)
        (directory / name).chmod(0o600)
    user_key.write_public_key(directory / "authorized")
    host_key.write_public_key(directory / "host.pub")
    port = free_port()
    config = directory / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {directory}/host\nAuthorizedKeysFile {directory}/authorized\n"
        f"PidFile {directory}/pid\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\n"
        f"Subsystem sftp internal-sftp\n{more}\n"
    )
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    with (directory / "sshd.log").open("wb") as log:
        process = subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(config)], stderr=log)
        try:
            _wait_for(port, process)
            access = {"user": getpass.getuser(), "private_key": (directory / "user").read_text(), "path": f"{root}"}
            yield Server(port, host_key.get_fingerprint(), root, access)
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    import time

    for _ in range(200):
        if process.poll() is not None:
            raise OSError("sshd ended")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise OSError("sshd does not listen")


class _Server(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("parvis", PASSWORD)


@asynccontextmanager
async def asyncssh_server(
    directory: Path, files: Callable[..., asyncssh.SFTPServer] = asyncssh.SFTPServer, key_type: str = "ssh-ed25519"
) -> AsyncIterator[Server]:
    """Password `geheim` for the user `parvis`, who sees only the directory."""
    root = directory / "in"
    root.mkdir(parents=True, exist_ok=True)
    keys = [asyncssh.generate_private_key(kind) for kind in dict.fromkeys(["ssh-ed25519", key_type])]
    listener = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=_Server,
        server_host_keys=keys,
        sftp_factory=lambda channel: files(channel, chroot=str(root).encode()),
    )
    try:
        access = {"user": "parvis", "password": PASSWORD, "path": "/"}
        yield Server(listener.get_port(), keys[-1].get_fingerprint(), root, access)
    finally:
        listener.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await listener.wait_closed()


def below(server: Server, rest: str, **more: Any) -> SftpSettings:
    settings: SftpSettings = server.settings(path=f"{server.access['path'].rstrip('/')}/{rest}", **more)
    return settings


async def send(settings: SftpSettings, what: DeliveryRequest) -> Receipt:
    async with Sftp().connect(settings) as channel:
        return await channel.commit(what, await channel.prepare(what))


async def roll_forward(settings: SftpSettings, what: DeliveryRequest, resume_token: str) -> Receipt:
    async with Sftp().connect(settings) as channel:
        return await channel.roll_forward(what, resume_token)
