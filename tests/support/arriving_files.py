"""Files of all kinds that come in, what must become of their parts, and a judge who counts that from outside.

The judge reads the database and the files of a service with nothing of the program, so also those of a service that was
just killed. A part is known by its SHA-256.
"""

import hashlib
import io
import os
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import msgspec

from tests.support.papers import BAKERY, GARAGE, company, invoice, letter, statement

STRANGER = company("Inconnu SRL", "0999999922", "BE02999999999940")
CLIENTS = {"TANNERIE": BAKERY, "LEMAITRE": GARAGE}
_REFERENCES = tuple(CLIENTS)


class Arrival(msgspec.Struct, frozen=True):
    """Files that come in together, and what must become of their parts, by SHA-256.

    Attributes:
        files: path and bytes, in the order in which they are sent. Two of the same path are sent one after the other.
        documents: the reference of the client of each part that becomes a document.
        waiting: the parts that nobody can place.
        pictures: PDFs beside e-invoices. One whose e-invoice comes too late is a document, or waits.
        wholes: the containers, which are kept.
        inside: the containers in these, of which nothing is said.
        letters: what is no document at all, and is not kept.
    """

    files: tuple[tuple[str, bytes], ...]
    documents: dict[str, str] = {}
    waiting: frozenset[str] = frozenset()
    pictures: frozenset[str] = frozenset()
    wholes: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()
    letters: frozenset[str] = frozenset()

    @property
    def parts(self) -> frozenset[str]:
        return frozenset(self.documents) | self.waiting | self.pictures


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# What is sent. All e-invoices have the same file name, each in a directory of its own.


def e_invoice(number: int) -> Arrival:
    data, client = _invoice(number)
    return Arrival(((f"{number}/facture.xml", data),), {sha256_of(data): client})


def scan(number: int) -> Arrival:
    data = letter(f"Ticket {number}")
    return Arrival(((f"TANNERIE/tickets/{number}.pdf", data),), {sha256_of(data): "TANNERIE"})


def of_nobody(number: int) -> Arrival:
    data = invoice(number=f"N{number}", buyer=STRANGER)
    return Arrival(((f"{number}/facture.xml", data),), waiting=frozenset({sha256_of(data)}))


def sent_twice(number: int) -> Arrival:
    data, client = _invoice(number)
    return Arrival(((f"{number}/facture.xml", data), (f"{number}/copie.xml", data)), {sha256_of(data): client})


def with_picture(number: int) -> Arrival:
    data, client = _invoice(number)
    pdf = letter(f"Picture {number}")
    files = [(f"{number}/facture.xml", data), (f"{number}/facture.pdf", pdf)]
    first, second = files if number % 2 else reversed(files)
    return Arrival((first, second), {sha256_of(data): client}, pictures=frozenset({sha256_of(pdf)}))


def archive(number: int) -> Arrival:
    """A ZIP of an invoice for each client, all of the same name, and one of nobody."""
    documents = {invoice(number=f"Z{number}", buyer=buyer): reference for reference, buyer in CLIENTS.items()}
    lost = invoice(number=f"Z{number}", buyer=STRANGER)
    whole = zipped({f"{at}/facture.xml": data for at, data in enumerate([*documents, lost])})
    return Arrival(
        ((f"{number}/lot.zip", whole),),
        {sha256_of(data): reference for data, reference in documents.items()},
        waiting=frozenset({sha256_of(lost)}),
        wholes=frozenset({sha256_of(whole)}),
    )


def bank_file(number: int) -> Arrival:
    """A CODA of two owners."""
    parts = {statement(holder=holder, number=number): reference for reference, holder in CLIENTS.items()}
    whole = b"".join(parts)
    return Arrival(
        ((f"{number}/releve.cod", whole),),
        {sha256_of(data): reference for data, reference in parts.items()},
        wholes=frozenset({sha256_of(whole)}),
    )


def mail_file(number: int) -> Arrival:
    data, client = _invoice(number)
    pdf = letter(f"Picture {number}")
    whole = mail(number, {"facture.xml": data, "facture.pdf": pdf})
    return Arrival(
        ((f"{number}/message.eml", whole),),
        {sha256_of(data): client},
        pictures=frozenset({sha256_of(pdf)}),
        wholes=frozenset({sha256_of(whole)}),
    )


KINDS = (e_invoice, scan, of_nobody, sent_twice, with_picture, archive, bank_file, mail_file)


def same_path_again(number: int) -> Arrival:
    """A file at the path of the one before it."""
    data, client = _invoice(number)
    return Arrival((("rewritten/facture.xml", data),), {sha256_of(data): client})


def mailed(arrival: Arrival, number: int) -> Arrival:
    """The same files as attachments of one mail; a scan to the address of its client."""
    is_scan = any("tickets" in path for path, _ in arrival.files)
    names = [path.rpartition("/")[2] for path, _ in arrival.files]
    to = "facturen+TANNERIE+tickets@kantoor.example" if is_scan else "facturen@kantoor.example"
    whole = mail(number, dict(zip(names, (data for _, data in arrival.files), strict=True)), to=to)
    if names == ["message.eml"]:  # it is a mail already
        return arrival
    return msgspec.structs.replace(
        arrival, files=((f"{number}.eml", whole),), wholes=frozenset({sha256_of(whole)}), inside=arrival.wholes
    )


def letter_by_mail(number: int) -> Arrival:
    whole = mail(number, {}, text=f"Quand venez-vous, le {number} ?")
    return Arrival(((f"{number}.eml", whole),), letters=frozenset({sha256_of(whole)}))


def mail(number: int, files: dict[str, bytes], *, to: str = "facturen@kantoor.example", text: str = "Bonjour") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Minoterie <facturation@minoterie.example>"
    message["To"] = to
    message["Subject"] = f"Facture {number}"
    message["Message-ID"] = f"<{number}@minoterie.example>"
    message["Date"] = "Fri, 20 Nov 2026 10:00:00 +0100"
    message.set_content(text)
    for name, data in files.items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def zipped(files: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archived:
        for name, data in files.items():
            archived.writestr(name, data)
    return whole.getvalue()


def _invoice(number: int) -> tuple[bytes, str]:
    reference = _REFERENCES[number % 2]
    return invoice(number=f"F{number}", buyer=CLIENTS[reference]), reference


# What is there

_OF_OUTCOME = "SELECT sha256 FROM source_file WHERE outcome = ?"


class Judge:
    """Compares what was put in with what a service has. Everything is put in before it is sent.

    Args:
        directory: that of the service.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._arrivals: list[Arrival] = []

    def put_in(self, arrival: Arrival) -> None:
        self._arrivals.append(arrival)

    def check_while_it_comes(self, confirmed: Iterable[Arrival]) -> None:
        """Nothing is there twice or elsewhere, and what was confirmed to its sender is there."""
        found = self._found()
        self._check_each(found)
        there = set(found.all)
        for arrival in confirmed:
            lost = arrival.parts - there
            assert not lost, f"confirmed and not there: {_names(arrival, lost)}"
            assert not (broken := [sha for sha in arrival.wholes if not self._is_whole(sha)]), broken

    def missing(self) -> list[str]:
        """Names what has not come yet, or not yet to its place."""
        found = self._found()
        there = set(found.settled) - set(found.waiting_pictures)
        documents, waiting = dict(found.documents), set(found.waiting)
        missing = []
        for arrival in self._arrivals:
            late = {sha for sha in arrival.parts if sha not in there}
            late |= {sha for sha in arrival.documents if sha not in documents}
            late |= {sha for sha in arrival.waiting if sha not in waiting}
            late |= arrival.letters - set(found.letters)
            if late:
                missing.append(_names(arrival, late))
        return missing

    def check_at_the_end(self) -> int:
        """Each part is there once, where it belongs, and all that is kept is whole. Returns the number of parts."""
        assert not (missing := self.missing()), f"lost: {missing}"
        found = self._found()
        self._check_each(found)
        stored = {path.name for path in self._stored()}
        for arrival in self._arrivals:
            wanted = arrival.parts | arrival.wholes
            assert not (gone := [sha for sha in wanted if not self._is_whole(sha)]), f"not kept: {gone}"
            assert not arrival.letters & stored, f"a letter is kept: {arrival.files[0][0]}"
        sent = {sha256_of(data) for arrival in self._arrivals for _, data in arrival.files}
        known = sent.union(*(arrival.parts | arrival.wholes | arrival.inside for arrival in self._arrivals))
        assert not (strange := stored - known), f"nobody has sent {strange}"
        return len(found.settled)

    def _check_each(self, found: "_Found") -> None:
        twice = [sha for sha, count in Counter(found.settled).items() if count > 1]
        assert not twice, f"there twice: {[name for one in self._arrivals for name in _named(one, twice)]}"
        clients: dict[str, str] = {}
        waiting: set[str] = set()
        pictures: set[str] = set()
        for arrival in self._arrivals:
            clients |= arrival.documents
            waiting |= arrival.waiting
            pictures |= arrival.pictures
        for sha, client in found.documents:
            assert clients.get(sha) == client or sha in pictures, f"{sha} at {client}, not at {clients.get(sha)}"
        assert set(found.waiting) <= waiting | pictures | clients.keys(), set(found.waiting) - waiting
        assert set(found.pictures) <= pictures, set(found.pictures) - pictures

    def _found(self) -> "_Found":
        with closing(sqlite3.connect(f"file:{self._directory / 'banqup.sqlite'}?mode=ro", uri=True)) as connection:
            connection.execute("BEGIN")
            return _Found(
                documents=connection.execute(
                    "SELECT d.sha256, c.reference FROM document d JOIN client c ON c.id = d.client_id"
                ).fetchall(),
                waiting=[sha for (sha,) in connection.execute("SELECT sha256 FROM to_place")],
                pictures=[
                    sha for (sha,) in connection.execute("SELECT sha256 FROM related_file WHERE kind = 'PICTURE'")
                ],
                waiting_pictures=[sha for (sha,) in connection.execute(_OF_OUTCOME, ["HELD"])],
                letters=[sha for (sha,) in connection.execute(_OF_OUTCOME, ["LETTER"])],
            )

    def _stored(self) -> Iterator[Path]:
        yield from (path for path in (self._directory / "files").glob("*/*") if path.is_file())

    def _is_whole(self, sha: str) -> bool:
        path = self._directory / "files" / sha[:2] / sha
        return os.path.exists(path) and sha256_of(path.read_bytes()) == sha


class _Found(msgspec.Struct):
    """`waiting_pictures`: PDFs that wait some seconds for the e-invoice of their name, also when they come again."""

    documents: list[tuple[str, str]]
    waiting: list[str]
    pictures: list[str]
    waiting_pictures: list[str]
    letters: list[str]

    @property
    def settled(self) -> list[str]:
        return [*(sha for sha, _ in self.documents), *self.waiting, *self.pictures]

    @property
    def all(self) -> list[str]:
        return [*self.settled, *self.waiting_pictures]


def _named(arrival: Arrival, hashes: Iterable[str]) -> Iterator[str]:
    if arrival.parts & set(hashes):
        yield f"{arrival.files[0][0]} ({_names(arrival, arrival.parts & set(hashes))})"


def _names(arrival: Arrival, hashes: Iterable[str]) -> str:
    return f"{len(list(hashes))} of {len(arrival.parts)} parts of {', '.join(path for path, _ in arrival.files)}"
