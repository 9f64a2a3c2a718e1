"""Sending by mail, against a real SMTP server with TLS and sign-in."""

import subprocess
import sys
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest

from banqup_tui.backend.ledger.enqueue import delivery_key
from banqup_tui.connectors.interface import DeliveryRequest, Fault, NotSent, Receipt, Rejected
from banqup_tui.connectors.mail.connector import Mail
from banqup_tui.connectors.mail.settings import MailSettings
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.secret import Secret
from tests.connectors.contract import HOSTILE_NAME, Arrived, WireContract, WiredReceiver
from tests.formats.format_documents import PDF_IN_XML, embedded, ubl
from tests.support.delivery_requests import BYTES, PDF_BYTES, delivery_request, pdf_file
from tests.support.mail import PASSWORD, PURCHASES, SALES, SENDER, MailServer, mail_server
from tests.support.messages import raising, remedy
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
            for attachment in message.iter_attachments():
                content = attachment.get_payload(decode=True)
                assert isinstance(content, bytes)
                found.append(Arrived(attachment.get_filename() or "", content))
        return found

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        self.server.box.answers["RCPT"] = "550 5.1.1 no such mailbox"
        yield
        self.server.box.answers.clear()


class TestTheContract(WireContract):
    @pytest.fixture
    async def receiver(self) -> AsyncIterator[WiredReceiver]:
        async with mail_server() as server, wire_to(server.port) as wire:
            yield Receiver(server, wire)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as made:
        yield made


async def send(server: MailServer, what: DeliveryRequest, **changed: Any) -> Receipt:
    async with Mail().connect(server.settings(**changed)) as channel:
        return await channel.commit(what, await channel.prepare(what))


def attachment_of(message: EmailMessage) -> EmailMessage:
    (found,) = message.iter_attachments()
    assert isinstance(found, EmailMessage)
    return found


async def test_each_folder_has_its_mailbox_and_the_rest_one_for_all(server: MailServer, tmp_path: Path) -> None:
    await send(server, delivery_request(tmp_path))
    await send(server, delivery_request(tmp_path, folder=Folder.SALES_INVOICES))
    receipt = await send(
        server, delivery_request(tmp_path, folder=Folder.OTHER_DOCUMENTS), address="alles@boeken.example"
    )
    assert [one.rcpt_tos for one in server.box.envelopes] == [[PURCHASES], [SALES], ["alles@boeken.example"]]
    assert receipt.text == "alles@boeken.example: 250 2.0.0 Ok: queued as 4BxT7"


async def test_a_folder_without_a_mailbox_is_refused_before_any_server_is_asked(tmp_path: Path) -> None:
    async with mail_server() as server:
        with raising(Rejected, match="no address for this folder, so its documents are not taken") as raised:
            await send(server, delivery_request(tmp_path, folder=Folder.PURCHASE_RECEIPTS))
        assert "Fill in the address of that folder" in remedy(raised.value)
        assert server.connections == []


async def test_the_message_says_who_sends_what_of_whom(server: MailServer, tmp_path: Path) -> None:
    what = delivery_request(tmp_path)
    receipt = await send(server, what)
    (message,), (envelope,), (session,) = server.box.messages(), server.box.envelopes, server.box.sessions
    assert (message["From"], message["To"]) == (SENDER, PURCHASES)
    assert message["Subject"] == "Boulangerie du Parvis SRL 2026-11874"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["MIME-Version"] == "1.0"
    assert abs((message["Date"].datetime - datetime.now(UTC)).total_seconds()) < 100
    assert message["Message-ID"] == f"<{what.key}@banqup.kantoor.example>"
    assert receipt.reference == f"{what.key}@banqup.kantoor.example"
    body = message.get_body()
    assert isinstance(body, EmailMessage)
    assert body.get_content().splitlines() == ["2026-11874.xml", "Boulangerie du Parvis SRL (PARVIS)"]
    assert envelope.mail_options == [f"SIZE={len(envelope.original_content or b'')}"]
    assert session.host_name == "[127.0.0.1]"


@pytest.mark.parametrize(
    ("media_type", "sent_as", "name"),
    [
        ("application/xml", "application/xml", "2026-11874.xml"),
        ("text/xml; charset=utf-8", "application/xml", "2026-11874.xml"),
        ("application/pdf", "application/pdf", "2026-11874.pdf"),
        ("image/jpeg", "image/jpeg", "2026-11874.jpg"),
        ("text/plain", "text/plain", "2026-11874.txt"),
        ("message/rfc822", "application/octet-stream", "2026-11874.eml"),
        ("x y\r\nBcc: spy@example.org", "application/octet-stream", "2026-11874.bin"),
    ],
)
async def test_every_kind_arrives_byte_for_byte_under_its_own_name(
    server: MailServer, tmp_path: Path, media_type: str, sent_as: str, name: str
) -> None:
    content = b".\r\n\r\n.\nQUIT\r\x00\xff..\n" * 50
    await send(server, delivery_request(tmp_path, content, media_type=media_type))
    (message,) = server.box.messages()
    assert message["Bcc"] is None
    found = attachment_of(message)
    assert (found.get_content_type(), found.get_filename()) == (sent_as, name)
    assert found.get_payload(decode=True) == content


async def test_the_same_copy_has_the_same_message_id_and_another_copy_another(
    server: MailServer, tmp_path: Path
) -> None:
    key = delivery_key("7d3c1111-5f0c-4d5a-9d5c-9a1c6f1d2e3f", "ab" * 32, 1)
    again = delivery_key("7d3c1111-5f0c-4d5a-9d5c-9a1c6f1d2e3f", "ab" * 32, 2)
    for what in (
        delivery_request(tmp_path, key=key, attempt=1),
        delivery_request(tmp_path, key=key, attempt=2),
        delivery_request(tmp_path, key=again, attempt=3, generation=2),
    ):
        await send(server, what)
    first, second, third = [message["Message-ID"] for message in server.box.messages()]
    assert first == second != third


HOSTILE = [
    HOSTILE_NAME,
    'a"; filename="b.exe\r\n\r\n--boundary\r\nContent-Type: text/html\r\n\r\n<b>',
    "=?utf-8?q?Bcc:_spy=40example.org=0D=0A?=",
    "=?utf-8?b?DQpCY2M6IHNweUBleGFtcGxlLm9yZw==?= =? =?",
    "é" * 300,
    "\u2028Bcc: spy@example.org\u2029\x85Bcc: spy@example.org\x0b\x0c",
    "用友发票 \U0001f9fe %0d%0aBcc:x utf-8''x",
    " ; , <spy@example.org>, ()",
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_nothing_a_stranger_wrote_becomes_a_header_or_an_attachment(
    server: MailServer, tmp_path: Path, text: str
) -> None:
    what = delivery_request(tmp_path, file_name=text, number=text, client_name=text, client_reference=text)
    values = {"subject": "[client_name] / [number] / [external_id] / [file_name]", "file_name": "[file_name]"}
    await send(server, what, **values)
    (message,), (envelope,) = server.box.messages(), server.box.envelopes
    assert envelope.rcpt_tos == [PURCHASES]
    assert sorted(message.keys()) == [
        "Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To",
    ]  # fmt: skip
    found = attachment_of(message)
    assert len(list(message.walk())) == 3
    assert found.get_payload(decode=True) == BYTES
    assert (found.get_filename() or "").endswith(".xml")
    for shown in (message["Subject"], found.get_filename() or ""):
        assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") for letter in shown)
    assert max(len(line) for line in (envelope.content or b"").splitlines()) <= 998


async def test_a_subject_without_its_number_says_the_name_of_the_file(server: MailServer, tmp_path: Path) -> None:
    await send(server, delivery_request(tmp_path, number=None), subject="[number] - [client_name] [vat_number]")
    await send(server, delivery_request(tmp_path, vat_number=None), subject="[client_name] - [vat_number]")
    await send(server, delivery_request(tmp_path, vat_number=None), subject="[vat_number]")
    assert [message["Subject"] for message in server.box.messages()] == [
        "Facture 11874 - Boulangerie du Parvis SRL BE0465123710",
        "Boulangerie du Parvis SRL",
        "Facture 11874",
    ]


async def test_a_mailbox_without_xml_gets_the_pdf_inside_an_e_invoice(server: MailServer, tmp_path: Path) -> None:
    values = {"attachments": "pdf-and-images"}
    await send(server, delivery_request(tmp_path, ubl(references=embedded()).encode()), **values)
    await send(server, delivery_request(tmp_path, b"%PDF-1.4 as it came", media_type="application/pdf"), **values)
    found = [attachment_of(message) for message in server.box.messages()]
    assert [one.get_payload(decode=True) for one in found] == [PDF_IN_XML, b"%PDF-1.4 as it came"]
    assert [one.get_filename() for one in found] == ["2026-11874.pdf", "2026-11874.pdf"]
    assert {one.get_content_type() for one in found} == {"application/pdf"}


@pytest.mark.parametrize(
    "content",
    [
        ubl().encode(),
        ubl(references=embedded() + embedded("voorwaarden.pdf")).encode(),
        ubl(references=embedded() + embedded("a.txt", b"a text") * 2_000).encode(),
        b"<note/>",
        b"<!DOCTYPE x>",
    ],
    ids=["no-pdf", "two-pdf", "very-many", "no-invoice", "no-xml"],
)
async def test_a_mailbox_without_xml_refuses_what_has_no_single_pdf(
    server: MailServer, tmp_path: Path, content: bytes
) -> None:
    with raising(Rejected, match="takes PDF and images only") as raised:
        await send(server, delivery_request(tmp_path, content), attachments="pdf-and-images")
    assert remedy(raised.value)
    assert server.box.envelopes == []


def raised(complete: bool = True, **values: Any) -> list[str]:
    return [f"{one.field}: {one.reason.code}" for one in Mail().check(values, complete=complete)]


def test_settings_are_looked_through_before_they_are_kept() -> None:
    good: dict[str, Any] = {"host": "smtp.kantoor.example", "sender": SENDER, "address": PURCHASES}
    assert raised(**good) == []
    assert raised(host="smtp.kantoor.example", sender=SENDER, complete=False) == []
    assert raised(host="h", sender=SENDER) == ["address: setting.no-recipient"]
    assert raised(**good, user="u") == ["password: setting.missing"]
    assert raised(**good, password="p") == ["user: setting.missing"]
    assert raised(**good, file_name="a/b") == ["file_name: setting.slash-in-name"]
    assert raised(**{**good, "host": "smtp://x"}) == ["host: setting.not-a-mail-server"]
    for wrong in (
        "a@b, c@d",
        "a b@c",
        "<a@b>",
        "a@b\r\nRCPT TO:<c@d>",
        "a",
        "@b",
        "é@b",
        "a@-b",
        ".a@b",
        'a"@b',
        "=?utf-8?q?a?=@b",
    ):
        assert raised(**{**good, "sales": wrong}) == ["sales: setting.not-a-mail-address"]


async def test_an_address_that_is_several_never_comes_near_a_server(server: MailServer, tmp_path: Path) -> None:
    for wrong in ({"purchases": "a@b.example> <c@d.example"}, {"sender": "a@b.example\r\nDATA"}):
        with pytest.raises(NotSent) as refused:
            await send(server, delivery_request(tmp_path), **wrong)
        assert refused.value.fault is Fault.PERSON
    assert server.connections == []


def test_another_address_is_another_destination_and_another_server_is_not() -> None:
    settings = MailSettings(
        host="smtp.kantoor.example", sender=SENDER, sales=SALES, address=PURCHASES, password=Secret("p")
    )
    other = msgspec.structs.replace(settings, host="smtp.anders.example", password=Secret("q"))
    assert Mail().destination(settings) == Mail().destination(other)
    assert Mail().destination(settings) != Mail().destination(msgspec.structs.replace(settings, sales=PURCHASES))
    assert "sales verkoop-17@boeken.example" in Mail().destination(settings)


def test_the_store_shows_it_without_loading_what_sends() -> None:
    looked = "import sys, banqup_tui.connectors.mail.connector; print([n for n in sys.modules if n == 'smtplib'])"
    shown = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


async def test_a_pdf_that_is_too_large_for_the_mailbox_is_left_out_and_this_is_said(
    server: MailServer, tmp_path: Path
) -> None:
    what = delivery_request(tmp_path, pdf=pdf_file(tmp_path, b"%PDF-1.7" + bytes(900_000)))
    receipt = await send(server, what)
    assert receipt.about is not None
    assert receipt.about.code == "delivery.pdf-left-out"
    assert ".pdf" not in receipt.text
    (mail,) = server.box.messages()
    assert attachment_of(mail).get_payload(decode=True) == BYTES


async def test_a_mailbox_that_reads_no_xml_gets_the_pdf_that_is_kept_with_an_e_invoice(
    server: MailServer, tmp_path: Path
) -> None:
    await send(server, delivery_request(tmp_path, pdf=pdf_file(tmp_path)), attachments="pdf-and-images")
    (mail,) = server.box.messages()
    assert attachment_of(mail).get_payload(decode=True) == PDF_BYTES
