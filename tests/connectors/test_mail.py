"""Sending by mail, against a real SMTP server with TLS and sign-in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.connectors.mail import Mail
from tests.connectors.contract import Arrived, WireContract, WiredReceiver
from tests.support.mail import PASSWORD, MailServer, mail_server
from tests.support.wire import Wire, wire_to


class Receiver:
    connector = Mail()
    secret = PASSWORD
    largest = 1_000_000
    answers_in_commit = 1

    def __init__(self, server: MailServer, wire: Wire) -> None:
        self.server, self.wire = server, wire

    def settings(self) -> Any:
        return self.server.settings(port=self.wire.port)

    def wrong_credentials(self) -> Any:
        return msgspec.structs.replace(self.settings(), password="verkeerd")

    async def arrived(self) -> list[Arrived]:
        found = []
        for message in self.server.box.messages():
            (attachment,) = message.iter_attachments()
            found.append(Arrived(attachment.get_filename() or "", attachment.get_payload(decode=True)))
        return found

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        self.server.box.answers["RCPT"] = "550 5.1.1 no such mailbox"
        yield
        self.server.box.answers.clear()


class TestTheContract(WireContract):
    @pytest.fixture(params=["starttls", "tls"])
    async def receiver(self, request: pytest.FixtureRequest) -> AsyncIterator[WiredReceiver]:
        async with mail_server(request.param) as server, wire_to(server.port) as wire:
            yield Receiver(server, wire)
