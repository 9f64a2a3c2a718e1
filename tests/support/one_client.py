"""One client with one integration, to see which documents are queued, held and withdrawn."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.ledger import planner
from banqup_tui.domain.document import Document
from banqup_tui.domain.duplicates import DuplicateChoice
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.protocol.commands import DecideDuplicate, ImportFile
from tests.support.intake_harness import SPACE, IntakeHarness
from tests.support.papers import BAKERY, invoice

BOOKS = "77777777-7777-4777-8777-777777777777"


class OneClient(IntakeHarness):
    """One client with one integration, which sends nothing: what is queued for it is looked at."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.baker = self.client(BAKERY.name, "TANNERIE", BAKERY.vat_number)
        self.integration(BOOKS, self.baker.id)

    def integration(self, integration_id: str, client_id: str, folders: Sequence[Folder] = ALL_FOLDERS) -> None:
        with self.services.database.write(SPACE) as transaction:
            row = {"id": integration_id, "space_id": SPACE, "client_id": client_id, "installation_id": "i", "seq": 0}
            row |= {
                "extension_id": "none",
                "label": f"Books {integration_id[:4]}",
                "state": "ACTIVE",
                "folders": " ".join(folders),
            }
            row |= {"activated_seq": 1, "activated_at": transaction.now, "planned_seq": 1, "settings_version": 1}
            transaction.execute(insert(tables.integration), row | {"destination": "d", "concurrency": 1})

    def come(self, data: bytes, name: str) -> None:
        self.do(ImportFile(sha256=self.put(data), file_name=name))

    def imported(self, data: bytes, name: str = "a.xml") -> Any:
        (taken,) = self.do(ImportFile(sha256=self.put(data), file_name=name))["documents"]
        return taken

    def do_import(self, data: bytes, client_id: str) -> str:
        """Imports a file that does not say whose it is, and returns the id of its document."""
        body = ImportFile(sha256=self.put(data), file_name="scan.pdf", client_id=client_id)
        (taken,) = self.do(body)["documents"]
        return str(taken["documentId"])

    def pair(self) -> tuple[str, str]:
        """An invoice, and the same one with another due date, which is held."""
        first = self.imported(invoice())["documentId"]
        return first, self.imported(invoice(due=date(2027, 1, 31)))["documentId"]

    def queued(self) -> set[str]:
        """The documents that are queued once the planner has done its work."""
        planned = True
        while planned:
            with self.services.database.write(SPACE) as transaction:
                planned = planner.plan(transaction)
        return self.deliveries("QUEUED")

    def deliveries(self, state: str) -> set[str]:
        rows = self.rows(select(tables.delivery).where(tables.delivery.c.state == state))
        return {row.document_id for row in rows}

    def delivered(self, document_id: str) -> None:
        self.queued()
        with self.services.database.write(SPACE) as transaction:
            mine = tables.delivery.c.document_id == document_id
            transaction.execute(update(tables.delivery).where(mine).values(state="DELIVERED"))

    def document(self, document_id: str) -> Document:
        return next(one for one in self.documents() if one.id == document_id)

    def decide(self, document_id: str, choice: DuplicateChoice) -> Any:
        return self.do(DecideDuplicate(document_id=document_id, choice=choice))
