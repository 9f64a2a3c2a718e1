"""Documents that others hold come in by each of the five ways, and each goes to its client.

What comes in is a ZIP of invoices, a mail with an e-invoice and its PDF, a CODA of three companies, and a CAMT of two
owners, of which each way has its own. The ZIP of the import has 300 invoices, the others have 20; in the campaign all
have 300. The mailbox is Dovecot's; without that the other four ways are tried.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from banqup_tui.domain.folder import Folder
from banqup_tui.protocol import PROTOCOL
from banqup_tui.protocol.commands import CreateClient
from tests.support import dovecot
from tests.support.arriving_files import mail, zipped
from tests.support.local_setup import LocalSetup, id_of, until
from tests.support.papers import BAKERY, GARAGE, company, invoice, letter, statement
from tests.support.sftp import free_port

SALON = company("Salon Nathalie SRL", "0922222253", "BE67922222222287")
CLIENTS = {"TANNERIE": BAKERY, "LEMAITRE": GARAGE, "NATHALIE": SALON}
WAYS = ("import", "folder", "drop", "mailbox", "upload")
SERVICE = (
    "import sys; from banqup_tui.backend.intake.watched_folders import WatchedFolders;"
    "WatchedFolders.__init__.__kwdefaults__.update(every=0.1, still_for=0.2);"
    f"from banqup_tui.backend.runtime.main import main; sys.exit(main(['--protocol', '{PROTOCOL}']))"
)
Document = tuple[str, str, str]
"""Client, folder, and number of the invoice or statement."""


def camt(number: int) -> bytes:
    """A CAMT.053 with a statement of each of the first two clients. It names accounts and no enterprise numbers."""
    statements = "".join(
        f"<Stmt><Id>{number}-{at}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>"
        f"<Acct><Id><IBAN>{owner.iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{_balance('OPBD', '2026-11-20')}{_balance('CLBD', '2026-11-21')}</Stmt>"
        for at, owner in enumerate([BAKERY, GARAGE])
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>{number}</MsgId><CreDtTm>2026-11-22T06:00:00</CreDtTm></GrpHdr>{statements}"
        "</BkToCstmrStmt></Document>"
    ).encode()


def _balance(code: str, day: str) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>10.00</Amt>"
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def files(way: str, invoices: int) -> dict[str, bytes]:
    number, owners = WAYS.index(way) + 1, list(CLIENTS.values())
    lot = {f"{at:03}/facture.xml": invoice(number=f"{way}-{at}", buyer=owners[at % 3]) for at in range(invoices)}
    mailed = {"facture.xml": invoice(number=f"{way}-mail", buyer=GARAGE), "facture.pdf": letter(f"Picture of {way}")}
    return {
        "bank.cod": b"".join(statement(number=number, holder=owner) for owner in owners),
        "bank.xml": camt(90 + number),
        "invoices.zip": zipped(lot),
        "message.eml": mail(number, mailed),
    }


def expected(way: str, invoices: int) -> Iterator[Document]:
    number, references = WAYS.index(way) + 1, list(CLIENTS)
    for at in range(invoices):
        yield references[at % 3], Folder.PURCHASE_INVOICES, f"{way}-{at}"
    yield "LEMAITRE", Folder.PURCHASE_INVOICES, f"{way}-mail"
    for reference in references:
        yield reference, Folder.ENRICHED_MOVEMENT_REPORTS, f"{number:03}"
    for reference in references[:2]:
        yield reference, Folder.ENRICHED_MOVEMENT_REPORTS, str(90 + number)


class AllWays:
    """A setup with three clients and all sources."""

    def __init__(self, setup: LocalSetup, server: dovecot.Dovecot | None) -> None:
        self.setup = setup
        self._server = server
        self._watched = setup.root / "watched"
        self._watched.mkdir()
        self._port = free_port()
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        trusted = {"SSL_CERT_FILE": str(server.ca_file)} if server else {}
        setup.start_backend(("-c", SERVICE), **trusted)
        setup.do(
            *(
                CreateClient(
                    client_id=id_of("client", reference),
                    reference=reference,
                    name=owner.name,
                    vat_number=f"BE{owner.number}",
                    enterprise_number=owner.number,
                )
                for reference, owner in CLIENTS.items()
            )
        )
        self._banqup("sources", "add", "folder", str(self._watched))
        self._banqup("sources", "add", "sftp", "--listen", f"127.0.0.1:{self._port}")
        public = setup.root / "key.pub"
        public.write_bytes(self._key.export_public_key())
        self._banqup("sources", "accounts", "add", "banqup", "--key", str(public))
        if server is not None:
            password = setup.root / "password"
            password.write_text(dovecot.PASSWORD)
            where = ("--host", "127.0.0.1", "--port", str(server.tls_port), "--user", dovecot.USER)
            self._banqup("sources", "add", "mailbox", *where, "--password-file", str(password))

    def _banqup(self, *arguments: str) -> None:
        done = self.setup.banqup(*arguments)
        assert done.returncode == 0, done.stderr

    def send(self, way: str, sent: dict[str, bytes], documents: int) -> None:
        match way:
            case "import":
                self._banqup("import", str(self._written(way, sent)))
            case "folder":
                self._written(way, sent).rename(self._watched / "in")
            case "drop":
                asyncio.run(self._put(sent))
            case "mailbox":
                self._mail(sent)
            case "upload":
                self._upload(self._written(way, sent), documents)

    def _written(self, way: str, sent: dict[str, bytes]) -> Path:
        folder = self.setup.root / way
        folder.mkdir()
        for name, data in sent.items():
            (folder / name).write_bytes(data)
        return folder

    async def _put(self, sent: dict[str, bytes]) -> None:
        options: dict[str, Any] = {
            "username": "banqup",
            "client_keys": [self._key],
            "known_hosts": None,
            "config": None,
        }
        async with (
            asyncssh.connect("127.0.0.1", self._port, **options) as connection,
            connection.start_sftp_client() as sftp,
        ):
            for name, data in sent.items():
                async with sftp.open(name, "wb") as file:
                    await file.write(data)

    def _mail(self, sent: dict[str, bytes]) -> None:
        """Sends each file as the attachment of a mail, and a mail as it is."""
        assert self._server is not None
        for at, (name, data) in enumerate(sent.items()):
            self._server.deliver(data if name.endswith(".eml") else mail(at, {name: data}))

    def _upload(self, folder: Path, documents: int) -> None:
        terminal = self.setup.terminal()
        terminal.wait_for("Salon Nathalie")
        terminal.press(":")
        terminal.wait_for("Commands")
        terminal.type("import files")
        terminal.wait_for("Import files…")
        terminal.press("enter")
        terminal.wait_for(str(Path.cwd())[:20])
        terminal.press("ctrl_u")
        terminal.type(str(folder))
        terminal.press("enter")
        terminal.wait_for(f"{documents} files taken, 1 picture.")


def try_all_ways(setup: LocalSetup, counts: dict[str, int]) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(dovecot.served()) if dovecot.is_usable() else None
        ways = AllWays(setup, server)
        wanted: Counter[Document] = Counter()
        for way, invoices in counts.items():
            if way == "mailbox" and server is None:
                continue
            documents = list(expected(way, invoices))
            ways.send(way, files(way, invoices), len(documents))
            wanted.update(documents)
        until(lambda: len(setup.documents()) >= wanted.total(), what="what has come in")
        found = setup.documents()
        assert (
            Counter(
                (one["client"]["reference"], one["folder"], one["number"] or one["statementNumber"]) for one in found
            )
            == wanted
        )
        pictures = {one["number"] for one in found if one["picture"] is not None}
        assert pictures == {number for _, _, number in wanted if number.endswith("-mail")}
        assert json.loads(setup.banqup("to-place", "list", "--json").stdout) == []


def test_by_each_way_each_part_goes_to_its_client(setup: LocalSetup) -> None:
    try_all_ways(setup, {way: 300 if way == "import" else 20 for way in WAYS})


@pytest.mark.campaign
def test_by_each_way_each_of_three_hundred_invoices_goes_to_its_client(setup: LocalSetup) -> None:
    try_all_ways(setup, dict.fromkeys(WAYS, 300))
