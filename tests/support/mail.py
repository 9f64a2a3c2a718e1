"""A real mail server for tests: aiosmtpd with certificates of its own authority, TLS, and sign-in."""

import asyncio
import datetime
import ssl
import warnings
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from banqup_tui.domain.secret import from_text

USER, PASSWORD = "documents@kantoor.example", "geheim-é7"
SENDER = "documents@kantoor.example"
PURCHASES, SALES = "aankoop-17@boeken.example", "verkoop-17@boeken.example"


class Mailbox:
    """What came in, and what the server answers in place of its own answers.

    `answers`: by command (`MAIL`, `RCPT`, `DATA` before the message; `MESSAGE` after it; `AUTH` to a wrong password).
    """

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.sessions: list[Session] = []
        self.answers: dict[str, str] = {}
        self.signed_in = 0

    def messages(self) -> list[EmailMessage]:
        contents = [one.content for one in self.envelopes]
        assert all(isinstance(content, bytes) for content in contents)
        return [
            message_from_bytes(content, policy=policy.default) for content in contents if isinstance(content, bytes)
        ]

    def authenticate(self, server: SMTP, session: Session, _: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.signed_in += good
        return AuthResult(success=good, handled=False, message=self.answers.get("AUTH"))

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not any(session is seen for seen in self.sessions):
            self.sessions.append(session)
        if "MAIL" not in self.answers:
            envelope.mail_from, envelope.mail_options = address, options
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "MESSAGE" not in self.answers:
            self.envelopes.append(envelope)
        return self.answers.get("MESSAGE", "250 2.0.0 Ok: queued as 4BxT7")


class MailboxWithTokens(Mailbox):
    """Lets in whoever has an access token of its user, as Microsoft and Google do; `user_of` asks the provider."""

    def __init__(self, user_of: Callable[[str], str | None]) -> None:
        super().__init__()
        self._user_of = user_of
        self.tokens: list[str] = []

    async def auth_XOAUTH2(self, server: SMTP, arguments: list[str]) -> AuthResult:
        parts = dict(part.partition("=")[::2] for part in b64decode(arguments[1]).decode().split("\x01") if part)
        return await self._let_in(server, parts["user"], parts["auth"], arguments[1])

    async def auth_OAUTHBEARER(self, server: SMTP, arguments: list[str]) -> AuthResult:
        header, *rest = b64decode(arguments[1]).decode().split("\x01")
        parts = dict(part.partition("=")[::2] for part in rest if part)
        return await self._let_in(server, header.removeprefix("n,a=").rstrip(","), parts["auth"], arguments[1])

    async def _let_in(self, server: SMTP, user: str, auth: str, values: str) -> AuthResult:
        """A server may say what it was given as it came: where `AUTH` is answered with `GIVEN` in it."""
        token = auth.removeprefix("Bearer ")
        whose = await asyncio.to_thread(self._user_of, token)
        if whose == user:
            self.tokens.append(token)
            self.signed_in += 1
            return AuthResult(success=True)
        await server.challenge_auth('{"status":"401","schemes":"bearer"}')
        answer = self.answers.get("AUTH", "535 5.7.3 Authentication unsuccessful").replace("GIVEN", values)
        return AuthResult(success=False, handled=False, message=answer)


class _Server(SMTP):
    async def push(self, status: str | bytes) -> None:
        """Whatever it is: servers of strangers do not keep to ASCII."""
        self._writer.write((status.encode() if isinstance(status, str) else status) + b"\r\n")
        await self._writer.drain()

    async def smtp_DATA(self, arg: str) -> None:
        answer = self.event_handler.answers.get("DATA")
        if answer is None:
            await super().smtp_DATA(arg)
        else:
            await self.push(answer)


class MailServer(msgspec.Struct, frozen=True):
    port: int
    box: Mailbox
    security: str
    connections: list[SMTP]

    def hang_up(self) -> None:
        """On everybody, as a server does that was idle for long."""
        for one in self.connections:
            if isinstance(one.transport, asyncio.WriteTransport):
                one.transport.abort()

    def settings(self, **changed: Any) -> Any:
        from banqup_tui.connectors.mail.settings import MailSettings

        values = {
            "host": "localhost",
            "port": self.port,
            "security": self.security,
            "user": USER,
            "password": PASSWORD,
            "sender": SENDER,
            "ca": authority(),
            "purchases": PURCHASES,
            "sales": SALES,
        }
        return msgspec.convert({**values, **changed}, MailSettings, dec_hook=from_text)


@asynccontextmanager
async def mail_server(
    security: str = "starttls",
    *,
    limit: int = 1_000_000,
    address: str = "127.0.0.1",
    box: Mailbox | None = None,
    **more: Any,
) -> AsyncIterator[MailServer]:
    """For `localhost`; signs in one user. `more`: of aiosmtpd's `SMTP`."""
    box = box or Mailbox()
    loop = asyncio.get_running_loop()
    connections: list[SMTP] = []

    def made() -> SMTP:
        values: dict[str, Any] = {"hostname": "mx.boeken.example", "data_size_limit": limit, "loop": loop}
        if security == "none":
            values |= {"auth_require_tls": False}
        else:
            values |= {"auth_required": True, "authenticator": box.authenticate}
            values |= {"auth_require_tls": security == "starttls"}
        if security == "starttls":
            values |= {"tls_context": server_context()}
        with warnings.catch_warnings(action="ignore"):  # it does not see that all is TLS here
            server = _Server(box, **{**values, **more})
        connections.append(server)
        return server

    listening = await loop.create_server(made, address, 0, ssl=server_context() if security == "tls" else None)
    made_server = MailServer(listening.sockets[0].getsockname()[1], box, security, connections)
    try:
        yield made_server
    finally:
        listening.close()
        made_server.hang_up()
        await listening.wait_closed()


@cache
def authority() -> str:
    """PEM of the authority that signed the server's certificate."""
    return _made()[0]


@cache
def server_context(name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _, chain, key = _made(name)
    with TemporaryDirectory() as directory:
        certificate, private = Path(directory, "chain"), Path(directory, "key")
        certificate.write_text(chain)
        private.write_text(key)
        context.load_cert_chain(certificate, private)
    return context


@cache
def _authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kantoor Root")])
    extension = x509.BasicConstraints(ca=True, path_length=0)
    builder = _builder(name, name, key).add_extension(extension, critical=True)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return builder.add_extension(usage, critical=True).sign(key, hashes.SHA256()), key


@cache
def _made(host: str = "localhost") -> tuple[str, str, str]:
    """Authority, certificate and key, in PEM."""
    root, root_key = _authority()
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    names: list[x509.GeneralName] = [x509.DNSName(host)]
    if host == "localhost":
        names.append(x509.IPAddress(ip_address("127.0.0.1")))
    builder = _builder(subject, root.subject, key).add_extension(x509.SubjectAlternativeName(names), critical=False)
    signed = builder.sign(root_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return root.public_bytes(pem).decode(), signed.public_bytes(pem).decode(), private.decode()


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
    )
