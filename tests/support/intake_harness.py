"""A backend's inner room for tests: database and file store, without the HTTP service around them."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from banqup_tui.backend.api.commands import run, run_batch
from banqup_tui.backend.db import tables
from banqup_tui.backend.db.file_store import FileStore
from banqup_tui.backend.db.records import DocumentRecord, SourceRecord, fetch_all
from banqup_tui.backend.db.transaction import Database
from banqup_tui.backend.db.values import document_of, sources_of
from banqup_tui.backend.db.vault import Vault
from banqup_tui.backend.intake.clients import put_client
from banqup_tui.backend.runtime import components
from banqup_tui.backend.runtime.startup import make_services
from banqup_tui.domain.client import Client
from banqup_tui.domain.document import Document
from banqup_tui.domain.messages import Message
from banqup_tui.domain.source import Source
from banqup_tui.protocol.commands import CommandBody, encode
from banqup_tui.protocol.messages import Command, CommandResult, CommandStatus
from banqup_tui.protocol.problems import Problem
from tests.support.databases import create_database, quick_engine
from tests.support.services import installed_extensions

SPACE = "00000000-0000-4000-8000-000000000001"


_HANDLERS = components.handlers()


class RolledBack(Exception):
    """A refusal, as a test raises it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class IntakeHarness:
    def __init__(self, directory: Path) -> None:
        create_database(directory / "backend.sqlite")
        engine = quick_engine(directory / "backend.sqlite")
        row = {"id": SPACE, "name": "Firm", "epoch": str(uuid.uuid4()), "cursor_secret": b"x" * 32}
        with engine.begin() as connection:
            connection.execute(tables.space.insert(), row)
        self.services = make_services(
            space_id=SPACE,
            database=Database(engine),
            files=FileStore(directory / "files"),
            extensions=installed_extensions(),
            vault=Vault(directory / "vault.key"),
        )

    def put(self, data: bytes) -> str:
        return self.services.files.put([data])[0]

    def put_files(self, files: Sequence[bytes]) -> list[str]:
        return [self.put(data) for data in files]

    def commands(self, bodies: Sequence[CommandBody]) -> list[CommandResult]:
        results = []
        for body in bodies:
            try:
                done = self.do(body)
            except RolledBack as rolled_back:
                problem = rolled_back.problem
                results.append(CommandResult(key=str(uuid.uuid4()), status=CommandStatus.REFUSED, problem=problem))
            else:
                results.append(CommandResult(key=str(uuid.uuid4()), status=CommandStatus.DONE, result=done))
        return results

    def at_once(self, bodies: Sequence[CommandBody]) -> Sequence[CommandResult]:
        """Runs commands as one batch."""
        seen = self.seen()
        commands = [Command(key=str(uuid.uuid4()), kind=one.KIND, seen=seen, body=encode(one)) for one in bodies]
        return run_batch(self.services, _HANDLERS, "user", commands).results

    def do(self, body: CommandBody) -> Any:
        """Run a command like the service does; a refusal is kept, then raised."""
        command = Command(key=str(uuid.uuid4()), kind=body.KIND, seen=self.seen(), body=encode(body))
        result = run(self.services, _HANDLERS, "user", command)
        if result.problem is not None:
            raise RolledBack(result.problem)
        return result.result

    def seen(self) -> str:
        (space,) = self.rows(select(tables.space))
        return f"{space.epoch}.{space.seq}"

    def client(self, name: str, reference: str, vat: str | None = None, **more: Any) -> Client:
        client = Client(id=str(uuid.uuid4()), reference=reference, name=name, vat_number=vat, **more)
        with self.services.database.write(SPACE) as transaction:
            put_client(transaction, client)
        return client

    def documents(self) -> list[Document]:
        rows = self.rows(select(tables.document).order_by(tables.document.c.created_seq))
        return [document_of(DocumentRecord(*row)) for row in rows]

    def clients(self) -> list[Client]:
        return [msgspec.json.decode(row.value, type=Client) for row in self.rows(select(tables.client.c.value))]

    def source(self) -> Source:
        with self.services.database.read() as connection:
            return sources_of(connection, fetch_all(connection, SourceRecord, select(tables.source)))[0]

    def rows(self, statement: Any) -> list[Any]:
        with self.services.database.read() as connection:
            return list(connection.execute(statement).all())

    def unfiled_rows(self) -> list[Any]:
        return self.rows(select(tables.unfiled).order_by(tables.unfiled.c.file_name))

    def waits(self, body: CommandBody) -> Message:
        """Imports a file that waits as unfiled; returns the reason."""
        result = self.do(body)
        assert result["documents"] == []
        (waiting,) = result["waiting"]
        return msgspec.convert(waiting["reason"], Message)

    def refusal(self, body: CommandBody) -> Problem:
        try:
            done = self.do(body)
        except RolledBack as rolled_back:
            return rolled_back.problem
        raise AssertionError(f"not refused: {done}")
