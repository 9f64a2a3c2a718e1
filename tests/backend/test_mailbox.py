"""A mailbox as a source, against Dovecot: `make test-mail`."""

import asyncio
import signal
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.backend.intake import unfiled_commands
from banqup_tui.backend.intake.mailbox import Mailbox, set_password
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.secret import Secret
from banqup_tui.domain.source import RuleKind, SourceKind
from banqup_tui.protocol.commands import AddRule, AddSource, CreateClient, DismissUnfiled, PlaceFile, RemoveSource
from banqup_tui.protocol.local import Endpoint
from tests.support import dovecot, papers
from tests.support.backends import home_in, http
from tests.support.dovecot import PASSWORD, USER, Dovecot
from tests.support.intake_harness import IntakeHarness
from tests.support.serving import written
from tests.support.waiting import until

pytestmark = [
    pytest.mark.mail,
    pytest.mark.skipif(not dovecot.is_usable(), reason="Dovecot 2.3 (dovecot-imapd) is not installed"),
]


@pytest.fixture
def harness(tmp_path: Path) -> IntakeHarness:
    return IntakeHarness(tmp_path)


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with dovecot.served() as running:
        yield running


def mail(
    files: dict[str, bytes],
    to: str = USER,
    sender: str = "jan@minoterie.example",
    text: str = "Bonjour",
    subject: str = "Facture",
) -> bytes:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = f"<{uuid.uuid4()}@minoterie.example>"
    message["Date"] = "Fri, 20 Nov 2026 10:00:00 +0100"
    message.set_content(text)
    for name, data in files.items():
        kind = ("application", "xml") if name.endswith(".xml") else ("application", "pdf")
        message.add_attachment(data, maintype=kind[0], subtype=kind[1], filename=name)
    return message.as_bytes()


def added(
    harness: IntakeHarness,
    server: Dovecot,
    path: str = "",
    password: str | None = PASSWORD,
    move_to: str | None = None,
) -> None:
    address = path or f"imaps://{USER}@127.0.0.1:{server.tls_port}/INBOX"
    since = date(2026, 1, 1)
    harness.do(AddSource(source_id="box", path=address, kind=SourceKind.MAILBOX, since=since, move_to=move_to))
    if password is not None:
        set_password(harness.services, "box", Secret(password), server.ca_file)


@asynccontextmanager
async def fetching(harness: IntakeHarness, server: Dovecot, poll_seconds: float = 60.0) -> AsyncIterator[None]:
    stop = asyncio.Event()
    mailbox = Mailbox(harness.services, ca_file=server.ca_file, retry_seconds=(0.1,), poll_seconds=poll_seconds)
    running = asyncio.create_task(mailbox.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, 10)


def problems(harness: IntakeHarness) -> list[str]:
    return [one.code for one in harness.source().problems]


async def test_an_invoice_that_is_mailed_becomes_a_document_and_its_mail_is_marked_as_read(
    harness: IntakeHarness, server: Dovecot
) -> None:
    harness.client("Fournil", "TANNERIE", "BE0912345673")
    added(harness, server)
    async with fetching(harness, server):
        server.deliver(mail({"F1.xml": papers.invoice()}))
        await until(lambda: server.flags() == {"1": ("\\Seen",)})
        (document,) = harness.documents()
        assert document.origins[0].source == f"mailbox {USER}"
        assert document.origins[0].container is not None
        # The connection waits in IDLE: what comes is fetched at once, not at the next minute.
        server.deliver(mail({"F2.xml": papers.invoice(number="2026-00418")}))
        await until(lambda: len(harness.documents()) == 2)
    assert harness.source().taken == 2
    assert problems(harness) == []


async def test_a_scan_goes_to_the_client_that_the_plus_part_of_the_address_names(
    harness: IntakeHarness, server: Dovecot
) -> None:
    client = harness.client("Fournil", "TANNERIE", "BE0912345673")
    added(harness, server)
    server.deliver(mail({"ticket.pdf": papers.letter()}, to="facturen+TANNERIE+tickets@kantoor.example"))
    async with fetching(harness, server):
        await until(lambda: bool(harness.documents()))
    (document,) = harness.documents()
    assert (document.client_id, document.folder) == (client.id, "PURCHASE_RECEIPTS")


async def test_a_strangers_scan_and_the_firms_own_mail_wait_and_a_letter_stays_unread(
    harness: IntakeHarness, server: Dovecot
) -> None:
    harness.client("Fournil", "TANNERIE", "BE0912345673")
    added(harness, server)
    server.deliver(
        mail({"scan.pdf": papers.letter()}),
        mail({"F1.xml": papers.invoice()}, sender=f"Kantoor <{USER}>"),
        mail({}, text="Quand venez-vous ?"),
    )
    async with fetching(harness, server):
        await until(lambda: server.flags() == {"1": ("\\Seen",), "2": ("\\Seen",), "3": ()})
    assert harness.documents() == []
    assert [row.reason.code for row in harness.unfiled_rows()] == ["placing.own-mail", "placing.nobody-named"]
    assert (harness.source().letters, harness.source().refused) == (1, 2)
    stored = [path for path in (harness.services.files.home / "files").rglob("*") if path.is_file()]
    assert not any(b"Quand venez-vous" in path.read_bytes() for path in stored)


async def test_the_scans_of_a_sender_can_be_remembered_as_a_clients(harness: IntakeHarness, server: Dovecot) -> None:
    client = harness.client("Fournil", "TANNERIE", "BE0912345673")
    added(harness, server)
    async with fetching(harness, server):
        server.deliver(mail({"scan.pdf": papers.letter()}))
        await until(lambda: len(harness.unfiled_rows()) == 1)
        waiting = harness.unfiled_rows()[0].id
        folder = Folder.PURCHASE_RECEIPTS
        harness.do(PlaceFile(unfiled_id=waiting, client_id=client.id, folder=folder, remember=True))
        server.deliver(mail({"scan.pdf": papers.letter("Another")}))
        await until(lambda: len(harness.documents()) == 2)
    assert {(one.client_id, one.folder) for one in harness.documents()} == {(client.id, folder)}
    assert (harness.source().taken, harness.source().refused) == (2, 0)


async def test_what_the_firm_has_sent_itself_and_comes_back_as_a_copy_does_not_wait(
    harness: IntakeHarness, server: Dovecot
) -> None:
    harness.client("Fournil", "TANNERIE", "BE0912345673")
    added(harness, server)
    server.deliver(mail({"F1.xml": papers.invoice()}), mail({"F1.xml": papers.invoice()}, sender=USER))
    async with fetching(harness, server):
        await until(lambda: server.flags() == {"1": ("\\Seen",), "2": ("\\Seen",)})
    assert len(harness.documents()) == 1
    assert harness.unfiled_rows() == []


async def test_mails_that_the_server_numbers_anew_are_not_taken_twice_and_what_came_meanwhile_is_not_lost(
    harness: IntakeHarness, server: Dovecot
) -> None:
    harness.client("Fournil", "TANNERIE", "BE0912345673")
    added(harness, server)
    server.deliver(mail({"F1.xml": papers.invoice()}), mail({"scan.pdf": papers.letter()}), mail({}))
    async with fetching(harness, server):
        await until(lambda: len(server.flags()) == 3 and harness.source().letters == 1)
    for row in harness.unfiled_rows():
        harness.do(DismissUnfiled(unfiled_ids=(row.id,)))
    server.number_anew()
    server.deliver(mail({"F2.xml": papers.invoice(number="2026-00418")}))
    assert "1" not in server.flags()
    async with fetching(harness, server):
        await until(lambda: len(harness.documents()) == 2)
    assert harness.unfiled_rows() == []
    assert harness.source().letters == 1


async def test_a_letter_is_not_kept_also_where_a_killed_service_has_stored_it_and_where_it_gets_another_number(
    harness: IntakeHarness, server: Dovecot
) -> None:
    letter = mail({}).replace(b"\n", b"\r\n")
    sha256 = harness.put(letter)
    added(harness, server)
    server.deliver(letter)
    for _ in range(2):
        async with fetching(harness, server):
            await until(lambda: harness.source().letters == 1)
        assert not harness.services.files.has(sha256)
        server.number_anew()


async def test_a_mail_that_people_have_marked_as_deleted_is_still_there(
    harness: IntakeHarness, server: Dovecot
) -> None:
    harness.client("Fournil", "TANNERIE", "BE0912345673")
    added(harness, server)
    server.deliver(mail({"F1.xml": papers.invoice()}), mail({}))
    with server.hand() as box:
        box.client.uid("STORE", "2", "+FLAGS", r"(\Deleted)")
    async with fetching(harness, server):
        await until(lambda: server.flags().get("1") == ("\\Seen",))
    assert server.flags()["2"] == ("\\Deleted",)


async def test_mails_go_to_the_client_that_a_rule_names_by_their_sender_recipient_or_subject(
    harness: IntakeHarness, server: Dovecot
) -> None:
    fournil = harness.client("Fournil", "TANNERIE", "BE0912345673")
    hanau = harness.client("Hanau", "HANAU")
    added(harness, server)
    server.deliver(mail({"early.pdf": papers.letter("0")}, subject="Re: DOSSIER  d'été"))
    async with fetching(harness, server, poll_seconds=0.2):
        await until(lambda: len(harness.unfiled_rows()) == 1)
    folder = Folder.PURCHASE_RECEIPTS
    for kind, text, client, where in (
        (RuleKind.SUBJECT, "Dossier d'ete", fournil, folder),
        (RuleKind.SENDER, "@hanau.example", hanau, None),
        (RuleKind.RECIPIENT, "caisse", hanau, folder),
    ):
        harness.do(AddRule(kind=kind, match=text, client_id=client.id, folder=where))
    unfiled_commands.retry(harness.services, lambda: False)
    server.deliver(
        mail({"by-sender.pdf": papers.letter("1")}, sender="Jan <JAN@Hanau.example>"),
        mail({"by-recipient.pdf": papers.letter("2")}, to="Caisse <caisse@elsewhere.example>"),
        mail(
            {"by-both.pdf": papers.letter("3")}, sender="jan@hanau.example", subject="dossier d\u2019été, dossier d'été"
        ),
        mail({"against.xml": papers.invoice()}, sender="jan@hanau.example"),
        mail({"by-address.pdf": papers.letter("4")}, sender="jan@hanau.example", to=USER.replace("@", "+TANNERIE@")),
    )
    async with fetching(harness, server, poll_seconds=0.2):
        await until(lambda: len(server.flags()) == 6 and all(server.flags().values()))
    other = Folder.OTHER_DOCUMENTS
    assert {(one.file_name, one.client_id, one.folder) for one in harness.documents()} == {
        ("early.pdf", fournil.id, folder),
        ("by-sender.pdf", hanau.id, other),
        ("by-recipient.pdf", hanau.id, folder),
    }
    assert {row.file_name.rpartition("/")[2]: row.reason.code for row in harness.unfiled_rows()} == {
        "by-both.pdf": "placing.mail-rules-differ",
        "against.xml": "placing.client-and-document-differ",
        "by-address.pdf": "placing.mail-rule-and-address-differ",
    }


MOVED = "Factures.Traitées"
_WITHOUT_MOVE = "IMAP4rev1 LITERAL+ UIDPLUS AUTH=PLAIN"


async def test_mails_are_moved_once_they_are_taken_to_a_folder_that_is_made_and_letters_stay(
    harness: IntakeHarness, server: Dovecot
) -> None:
    harness.client("Fournil", "TANNERIE", "BE0912345673")
    added(harness, server, move_to=MOVED)
    server.deliver(mail({"F1.xml": papers.invoice()}), mail({}, text="Quand venez-vous ?"))
    async with fetching(harness, server, poll_seconds=0.2):
        await until(lambda: server.flags(MOVED) == {"1": ("\\Seen",)})
        await until(lambda: server.flags() == {"2": ()})
        server.deliver(mail({"F2.xml": papers.invoice(number="2026-00418")}))
        await until(lambda: len(server.flags(MOVED)) == 2)
        added(harness, server, password=None, move_to="")
        server.deliver(mail({"F3.xml": papers.invoice(number="2026-00419")}))
        await until(lambda: server.flags() == {"2": (), "4": ("\\Seen",)})
    assert len(harness.documents()) == 3
    assert (problems(harness), harness.source().move_to) == ([], None)


@pytest.mark.parametrize(
    ("capability", "left"),
    [
        (_WITHOUT_MOVE, {"2": ("\\Deleted",)}),
        (_WITHOUT_MOVE.replace("UIDPLUS ", ""), {"1": ("\\Deleted", "\\Seen"), "2": ("\\Deleted",)}),
    ],
    ids=["UIDPLUS", "neither"],
)
async def test_without_move_a_mail_is_copied_and_no_mail_but_that_is_removed(
    harness: IntakeHarness, capability: str, left: dict[str, tuple[str, ...]]
) -> None:
    harness.client("Fournil", "TANNERIE", "BE0912345673")
    with dovecot.served(capability=capability) as server:
        server.deliver(mail({"F1.xml": papers.invoice()}), mail({}))
        with server.hand() as box:
            box.client.uid("STORE", "2", "+FLAGS", r"(\Deleted)")
        added(harness, server, move_to=MOVED)
        async with fetching(harness, server, poll_seconds=0.2):
            await until(
                lambda: harness.rows(select(tables.mailbox.c.to_mark)) == [(None,)] and bool(harness.documents())
            )
            await until(lambda: {uid: tuple(sorted(flags)) for uid, flags in server.flags().items()} == left)
        assert server.flags(MOVED) == {"1": ("\\Seen",)}


async def test_where_mails_cannot_be_moved_they_are_taken_and_it_is_said_until_they_are_moved(
    harness: IntakeHarness, server: Dovecot
) -> None:
    harness.client("Fournil", "TANNERIE", "BE0912345673")
    added(harness, server, move_to="../Elsewhere")
    async with fetching(harness, server, poll_seconds=0.2):
        server.deliver(mail({"F1.xml": papers.invoice()}))
        await until(lambda: problems(harness) == ["mailbox.move-refused"])
        server.deliver(mail({"F2.xml": papers.invoice(number="2026-00418")}))
        await until(lambda: len(harness.documents()) == 2)
        added(harness, server, password=None, move_to=MOVED)
        await until(lambda: len(server.flags(MOVED)) == 2 and problems(harness) == [])
    assert server.flags() == {}


async def test_a_server_without_idle_is_asked_again_and_again(harness: IntakeHarness) -> None:
    harness.client("Fournil", "TANNERIE", "BE0912345673")
    with dovecot.served(capability="IMAP4rev1 LITERAL+ AUTH=PLAIN") as server:
        added(harness, server)
        async with fetching(harness, server, poll_seconds=0.2):
            await until(lambda: harness.rows(select(tables.mailbox.c.uid_validity)) != [(None,)])
            server.deliver(mail({"F1.xml": papers.invoice()}))
            await until(lambda: len(harness.documents()) == 1)


async def test_mails_of_before_are_left_alone(harness: IntakeHarness, server: Dovecot) -> None:
    harness.client("Fournil", "TANNERIE", "BE0912345673")
    address = f"imaps://{USER}@127.0.0.1:{server.tls_port}/INBOX"
    harness.do(AddSource(source_id="box", path=address, kind=SourceKind.MAILBOX, since=date(2026, 11, 1)))
    set_password(harness.services, "box", Secret(PASSWORD), server.ca_file)
    with server.hand() as box:
        box.append(mail({"F0.xml": papers.invoice()}), "INBOX", datetime(2026, 10, 1, tzinfo=UTC))
        box.append(mail({"F1.xml": papers.invoice(number="2")}), "INBOX")
    async with fetching(harness, server):
        await until(lambda: bool(harness.documents()))
    assert [one.number for one in harness.documents()] == ["2"]
    assert server.flags()["1"] == ()


@pytest.mark.parametrize(
    ("path", "password", "code"),
    [
        ("imaps://{user}@127.0.0.1:{tls}/INBOX", None, "mailbox.no-password"),
        ("imaps://{user}@127.0.0.1:{tls}/Factures", PASSWORD, "mailbox.folder-missing"),
        ("imaps://{user}@localhost:{tls}/INBOX", PASSWORD, "mailbox.certificate-refused"),
        ("imaps://{user}@127.0.0.1:1/INBOX", PASSWORD, "mailbox.unreachable"),
    ],
)
async def test_what_is_wrong_with_the_mailbox_is_said_until_it_is_gone(
    harness: IntakeHarness, server: Dovecot, path: str, password: str | None, code: str
) -> None:
    added(harness, server, path.format(user=USER, tls=server.tls_port), password)
    async with fetching(harness, server):
        await until(lambda: problems(harness) == [code])
        added(harness, server)
        await until(lambda: problems(harness) == [])


async def test_a_wrong_password_is_not_kept_and_a_changed_one_is_a_problem(
    harness: IntakeHarness, server: Dovecot
) -> None:
    added(harness, server, password=None)
    result = set_password(harness.services, "box", Secret("guessed-wrongly"), server.ca_file)
    assert [step.message.code for step in result.steps] == ["mailbox.sign-in-refused"]
    assert harness.rows(select(tables.mailbox.c.sealed)) == [(None,)]
    added(harness, server)
    (sealed,) = harness.rows(select(tables.mailbox.c.sealed))
    assert PASSWORD.encode() not in sealed.sealed
    server.end()
    (server.root / "passwords").write_text(f"{USER}:{{PLAIN}}another\n")
    server.start()
    async with fetching(harness, server):
        await until(lambda: problems(harness) == ["mailbox.sign-in-refused"])


async def test_the_password_goes_to_no_other_server_than_the_one_that_it_was_entered_for(
    harness: IntakeHarness, server: Dovecot
) -> None:
    added(harness, server)
    elsewhere = f"imaps://{USER}@127.0.0.1:{server.tls_port}/Elsewhere"
    with harness.services.database.write(harness.services.space_id) as transaction:
        transaction.execute(tables.source.update().values(path=elsewhere))
    async with fetching(harness, server):
        await until(lambda: problems(harness) == ["mailbox.no-password"])


async def test_a_server_that_stops_is_a_problem_until_it_is_back(harness: IntakeHarness, server: Dovecot) -> None:
    harness.client("Fournil", "TANNERIE", "BE0912345673")
    added(harness, server)
    async with fetching(harness, server):
        await until(lambda: harness.rows(select(tables.mailbox.c.uid_validity)) != [(None,)])
        server.end()
        await until(lambda: problems(harness) != [])
        server.start()
        server.deliver(mail({"F1.xml": papers.invoice()}))
        await until(lambda: len(harness.documents()) == 1 and problems(harness) == [])


async def test_a_mailbox_that_is_removed_is_not_read_any_more(harness: IntakeHarness, server: Dovecot) -> None:
    added(harness, server)
    async with fetching(harness, server):
        await until(lambda: harness.rows(select(tables.mailbox.c.uid_validity)) != [(None,)])
        harness.do(RemoveSource(source_id="box"))
        await until(lambda: "Logged out" in server.log() or "Connection closed" in server.log())
    assert harness.rows(select(tables.mailbox)) == []


_POINTS = ("mailbox.stored:1", "intake.committed:1", "mailbox.marked:1")
_FURTHER = (
    *(f"{point}:2" for point in ("mailbox.stored", "intake.committed")),
    *(f"{point}:{at}" for point in ("file.temp", "file.renamed") for at in (1, 2, 3, 4)),
)
"""At every file that is stored: each mail, and the invoice in it."""


@pytest.mark.parametrize("point", [*_POINTS, *(pytest.param(one, marks=pytest.mark.campaign) for one in _FURTHER)])
def test_a_service_that_is_killed_while_it_fetches_takes_each_mail_once(
    tmp_path: Path, server: Dovecot, point: str
) -> None:
    def number_of(endpoint: Endpoint, name: str) -> int:
        with http(endpoint) as client:
            return len(client.get(f"/v1/spaces/{endpoint.space_id}/{name}").json()["documents"])

    def is_done(endpoint: Endpoint) -> bool:
        are_marked = server.flags() == {"1": ("\\Seen",), "2": ("\\Seen",)}
        return are_marked and number_of(endpoint, "documents") == 2 and not source_of(endpoint).get("problems")

    def source_of(endpoint: Endpoint) -> dict[str, Any]:
        with http(endpoint) as client:
            sources: list[dict[str, Any]] = client.get(f"/v1/spaces/{endpoint.space_id}/snapshot").json()["sources"]
        return sources[0]

    trusted = {"SSL_CERT_FILE": str(server.ca_file)}
    with home_in(tmp_path / "home") as home:
        child, endpoint = home.serving(BANQUP_KILL_AT=point, **trusted)
        address = f"imaps://{USER}@127.0.0.1:{server.tls_port}/INBOX"
        bodies = (
            CreateClient(client_id=str(uuid.uuid4()), reference="TANNERIE", name="Fournil", vat_number="BE0912345673"),
            AddSource(source_id="box", path=address, kind=SourceKind.MAILBOX, since=date(2026, 1, 1)),
        )
        server.deliver(mail({"F1.xml": papers.invoice()}), mail({"F2.xml": papers.invoice(number="2")}))
        with http(endpoint) as client:
            commands = [written(body, seen=f"{_epoch(client, endpoint)}.0") for body in bodies]
            client.post(f"/v1/spaces/{endpoint.space_id}/commands", json={"commands": commands}).raise_for_status()
            client.put(f"/v1/spaces/{endpoint.space_id}/sources/box/password", json={"password": PASSWORD})
        assert child.wait(60) == -signal.SIGKILL
        _, endpoint = home.serving(**trusted)
        end = time.monotonic() + 60
        while not is_done(endpoint) and time.monotonic() < end:
            time.sleep(0.05)
        assert is_done(endpoint)
        assert source_of(endpoint)["taken"] == 2


_MOVES = (("intake.committed:1", ""), ("mailbox.marked:1", ""), ("mailbox.copied:1", _WITHOUT_MOVE))


@pytest.mark.parametrize(("point", "capability"), _MOVES)
def test_a_service_that_is_killed_while_it_moves_a_mail_neither_loses_nor_doubles_it(
    tmp_path: Path, point: str, capability: str
) -> None:
    with dovecot.served(capability=capability) as server, home_in(tmp_path / "home") as home:
        trusted = {"SSL_CERT_FILE": str(server.ca_file)}
        child, endpoint = home.serving(BANQUP_KILL_AT=point, **trusted)
        address = f"imaps://{USER}@127.0.0.1:{server.tls_port}/INBOX"
        bodies = (
            CreateClient(client_id=str(uuid.uuid4()), reference="TANNERIE", name="Fournil", vat_number="BE0912345673"),
            AddSource(source_id="box", path=address, kind=SourceKind.MAILBOX, since=date(2026, 1, 1), move_to=MOVED),
        )
        server.deliver(mail({"F1.xml": papers.invoice()}), mail({"F2.xml": papers.invoice(number="2")}))
        with http(endpoint) as client:
            commands = [written(body, seen=f"{_epoch(client, endpoint)}.0") for body in bodies]
            client.post(f"/v1/spaces/{endpoint.space_id}/commands", json={"commands": commands}).raise_for_status()
            client.put(f"/v1/spaces/{endpoint.space_id}/sources/box/password", json={"password": PASSWORD})
        assert child.wait(60) == -signal.SIGKILL
        _, endpoint = home.serving(**trusted)
        end = time.monotonic() + 60
        while (server.flags() or len(server.flags(MOVED)) < 2) and time.monotonic() < end:
            time.sleep(0.05)
        assert (server.flags(), server.flags(MOVED)) == ({}, {"1": ("\\Seen",), "2": ("\\Seen",)})
        with http(endpoint) as client:
            documents = client.get(f"/v1/spaces/{endpoint.space_id}/documents").json()["documents"]
        assert len(documents) == 2


def _epoch(client: httpx.Client, endpoint: Endpoint) -> str:
    return str(client.get(f"/v1/spaces/{endpoint.space_id}/snapshot").json()["epoch"])
