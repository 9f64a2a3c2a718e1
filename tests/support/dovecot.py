"""Dovecot, as the system has it, with one mailbox on loopback; its certificate is of an own authority."""

import contextlib
import datetime
import ipaddress
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imap_tools.mailbox import MailBoxUnencrypted

from tests.support.drop import listens
from tests.support.sftp import free_port
from tests.support.waiting import LONG

DOVECOT = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/sbin:/usr/local/sbin")
USER = "facturen@kantoor.example"
PASSWORD = 'kXw7dPq2 mZr9"sVb4'

_CONFIG = """\
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {internal}
first_valid_uid = 1
ssl = yes
ssl_cert = <{root}/server.pem
ssl_key = <{root}/server.key
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:{root}/mail
mail_uid = {user}
mail_gid = {group}
imap_capability = {capability}
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {root}/passwords
}}
userdb {{
  driver = static
  args = home={root}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def is_usable() -> bool:
    """Tells whether Dovecot is there in a version whose configuration this is (2.4 has another)."""
    if DOVECOT is None:
        return False
    version = subprocess.run([DOVECOT, "--version"], capture_output=True, text=True, check=False).stdout
    return version.startswith("2.3")


class Dovecot:
    """A running server with an empty mailbox."""

    def __init__(self, root: Path, port: int, tls_port: int) -> None:
        self.root = root
        self.port = port
        self.tls_port = tls_port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert DOVECOT is not None
        command: list[str | Path] = [DOVECOT, "-F", "-c", self.root / "dovecot.conf"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + LONG
        while self._process.poll() is None and not listens(self.tls_port) and time.monotonic() < end:
            time.sleep(0.02)
        assert self._process.poll() is None, self.log()

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    @property
    def ca_file(self) -> Path:
        return self.root / "ca.pem"

    @contextlib.contextmanager
    def hand(self, folder: str = "INBOX") -> Iterator[MailBoxUnencrypted]:
        """A person's own mail program."""
        box = MailBoxUnencrypted("127.0.0.1", self.port, timeout=10)
        box.login(USER, PASSWORD, initial_folder=folder)
        try:
            yield box
        finally:
            box.logout()

    def deliver(self, *mails: bytes) -> None:
        with self.hand() as box:
            for mail in mails:
                box.append(mail, "INBOX")

    def flags(self, folder: str = "INBOX") -> dict[str, tuple[str, ...]]:
        """The flags of each mail by its number; empty where there is no such folder."""
        with self.hand() as box:
            if not box.folder.exists(folder):
                return {}
            box.folder.set(folder)
            found = {}
            for uid in box.uids(charset=None):
                _, lines = box.client.uid("FETCH", uid, "(FLAGS)")
                if lines[0] is None:  # it was moved meanwhile
                    continue
                names = re.search(rb"FLAGS \(([^)]*)\)", lines[0])
                assert names is not None
                found[uid] = tuple(name for name in names[1].decode().split() if name != "\\Recent")
            return found

    def number_anew(self) -> None:
        """Gives the mailbox another UIDVALIDITY, and its mails other numbers, as after a restored backup."""
        for name in (self.root / "mail").glob("dovecot*"):
            name.unlink()
        validity = int(datetime.datetime.now(datetime.UTC).timestamp()) + 1_000
        (self.root / "mail" / "dovecot-uidlist").write_text(f"3 V{validity} N100 G{'0' * 31}1\n")
        shutil.chown(self.root / "mail" / "dovecot-uidlist", *_owner())

    def log(self) -> str:
        return (self.root / "log").read_text()


@contextlib.contextmanager
def served(*, capability: str = "") -> Iterator[Dovecot]:
    """Serves a mailbox. `capability`: what the server says that it can, in place of all that it can."""
    # Not below pytest's directory, which only its owner may enter: started by root, Dovecot reads as another user.
    with tempfile.TemporaryDirectory(prefix="dovecot-") as directory:
        root = Path(directory)
        root.chmod(0o755)
        server = Dovecot(root, free_port(), free_port())
        _write_certificates(root)
        user, group = _owner()
        (root / "passwords").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        (root / "mail").mkdir()
        shutil.chown(root / "mail", user, group)
        shutil.chown(root, user, group)
        config = root / "dovecot.conf"
        config.write_text(
            _CONFIG.format(
                root=root, user=user, group=group, port=server.port, tls_port=server.tls_port, capability=capability,
                internal=user, internal_group=group,
            )
        )  # fmt: skip
        try:
            server.start()
            yield server
        finally:
            server.end()


def _owner() -> tuple[str, str]:
    """Returns the user and group as whom mail is read: this one, but never root, which Dovecot refuses."""
    if os.getuid() == 0:
        return "nobody", "nogroup"
    import grp

    return pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name


def _write_certificates(root: Path) -> None:
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
    now = datetime.datetime.now(datetime.UTC)

    def begun(subject: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(authority).public_key(public_key)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))

    ca = begun(authority, authority_key.public_key())
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    own = begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]), key.public_key())
    own = own.add_extension(names, critical=False)
    pem = serialization.Encoding.PEM
    (root / "ca.pem").write_bytes(ca.sign(authority_key, hashes.SHA256()).public_bytes(pem))
    (root / "server.pem").write_bytes(own.sign(authority_key, hashes.SHA256()).public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (root / "server.key").write_bytes(private)
