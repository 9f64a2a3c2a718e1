"""Every text of the server is hostile, and each place of the screens is opened: all of it is only text."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import pytest
from rich.cells import cell_len

from banqup_tui.domain.document import Document, Duplicate, HistoryEntry
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import text_message
from banqup_tui.domain.origin import ContainerPlace, EnvelopeOrigin, MailOrigin, Origin, Picture
from banqup_tui.domain.source import DropAccount, Source, SourceKind, Unfiled
from banqup_tui.protocol.messages import TestResult, TestStep
from banqup_tui.screens import review
from banqup_tui.screens.form.screen import FormScreen
from banqup_tui.widgets.sheet import Sheet
from tests.protocol.test_answers import ACTS
from tests.screens.firm import BAKERY, NOON, FirmServer, filed
from tests.screens.program import MIDDLE, NARROW, Program
from tests.screens.test_refused_changes import refuse
from tests.support import papers

Opened = Callable[..., AbstractAsyncContextManager[Program]]

MARKUP = "[/b][@click=app.quit]x[/nope]"
HOSTILE = f"{MARKUP}\x1b]0;TITLE\x07\x1b[31m\x9b1m\x85\u202egnp\u2066\u200b" + "W" * 2_000
READ_BY_THE_PROGRAM = {
    "path", "id", "client_id", "document_id", "installation_id", "integration_id", "extension_id", "sha256", "currency",
    "folder", "same_as",
    "media_type", "version", "key", "type", "asked_by", "outcome",
    "x-look", "x-level", "writeOnly", "enum", "required", "x-template", "pattern",
}  # fmt: skip
"""No texts that are shown, but values that lead to another."""


def made_hostile(value: Any, name: str = "") -> Any:
    """The same with a hostile end to each text that is shown."""
    if name in READ_BY_THE_PROGRAM or name == "type":
        return value
    if isinstance(value, str) and type(value) is str:
        return value + HOSTILE
    if isinstance(value, msgspec.Struct):
        changed = {field: made_hostile(getattr(value, field), field) for field in value.__struct_fields__}
        return msgspec.structs.replace(value, **changed)
    if isinstance(value, dict):
        return {key: made_hostile(inner, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(made_hostile(inner, name) for inner in value)
    return value


def undecided(document: Document) -> Document:
    """The same document again, from a mail in an envelope, with a picture."""
    place = ContainerPlace(
        kind="MAIL", name="mail.eml", sha256="a" * 64, position="2/1",
        mail=MailOrigin(sender="a@b.example", recipients=("c@d.example",), subject="Invoice", message_id="<1@b>"),
        envelope=EnvelopeOrigin(sender="0208:1", receiver="0208:2", process_id="p", message_id="m"),
    )  # fmt: skip
    return msgspec.structs.replace(
        document, id="p-again", same_as=document.id, duplicate=Duplicate.UNDECIDED,
        origins=(Origin(source="mailbox x", path="INBOX/1", at=NOON, container=place),),
        picture=Picture(sha256="b" * 64, file_name="a.pdf", size=1),
        history=(HistoryEntry(at=NOON, by="someone", what=text_message("Moved.")),),
    )  # fmt: skip


def waiting_files() -> Iterator[Unfiled]:
    for number in range(2):
        yield Unfiled(
            id=f"w-{number}", source="sftp", file_name="a/scan.pdf",
            reason=text_message("It does not say whose it is.", "Say it."),
            sha256=f"{number}" * 64, at=NOON, client_id=BAKERY, folder=Folder.PURCHASE_RECEIPTS,
        )  # fmt: skip


def sources() -> Iterator[Source]:
    """One of each kind, each with a problem or two, or with all that can be said of it."""
    lost = text_message("The folder is not there.", "Look at it.")
    yield Source(id="s-folder", kind=SourceKind.FOLDER, path="/srv/in", taken=1_204, problems=(lost,), last_at=NOON)
    account = DropAccount(id="a", name="billit", client_id=BAKERY, folder=Folder.PURCHASE_INVOICES)
    drop = {"path": "127.0.0.1:2022", "fingerprint": "SHA256:0", "accounts": (account,), "refused": 2}
    yield Source(id="s-drop", kind=SourceKind.SFTP_DROP, **drop)  # type: ignore[arg-type]
    address = "imaps://in@fiduciaire.example@imap.fiduciaire.example:993/INBOX"
    yield Source(id="s-mail", kind=SourceKind.MAILBOX, path=address, letters=3, last_at=NOON)


def hostile_invoice() -> bytes:
    """With what XML can carry of it: C1, bidi and markup, but no ESC."""
    text = MARKUP + "\x9b1m\x85\u202egnp\u2066" + "W" * 2_000
    return papers.invoice(seller=papers.company(text, "0998765448"), number="N" + text, reference=text)


@pytest.fixture
def firm(firm: FirmServer) -> FirmServer:
    """The firm with all its texts hostile, and something in every list."""
    for one in waiting_files():
        firm.put_unfiled(one)
    firm.put(filed(firm, hostile_invoice(), firm.documents["x-one"]))
    firm.put(undecided(firm.documents["p-ready"]))
    for source in sources():
        hostile = made_hostile(source)
        path = source.path + HOSTILE if source.kind is SourceKind.FOLDER else source.path
        firm.put_source(msgspec.structs.replace(hostile, path=path))
    for client in list(firm.clients.values()):
        firm.put_client(made_hostile(client))
    for installation in list(firm.installations.values()):
        firm.put_installation(made_hostile(installation))
    for integration in list(firm.integrations.values()):
        firm.put_integration(made_hostile(integration))
    for document in list(firm.documents.values()):
        firm.put(made_hostile(document))
    for delivery in list(firm.deliveries.values()):
        firm.put_delivery(made_hostile(delivery))
    for waiting in list(firm.waiting.values()):
        firm.put_unfiled(made_hostile(waiting))
    firm.known = made_hostile(firm.known)
    steps = (
        TestStep(ok=True, message=text_message("A file was written.")),
        TestStep(ok=False, message=text_message("No.", "Ask.")),
    )
    firm.test_steps = made_hostile(TestResult(steps=steps)).steps
    return firm


def check_only_text(here: Program, after: str) -> None:
    assert here.app.is_running, after
    assert here.app._exception is None, after  # of the public ones, none says that a handler failed
    for row, strip in zip(here.rows, here.app.screen._compositor.render_strips(here.app.size), strict=True):
        assert cell_len(row) <= here.app.size.width, (after, row)
        assert strip.cell_length == here.app.size.width, (after, row)
        assert ACTS.search(row) is None, (after, row)


def leaves(kind: type[object]) -> Iterator[type[object]]:
    """The screens that are opened, not what they have in common. `form` and `review` are imported when needed."""
    for one in kind.__subclasses__():
        if one.__module__.startswith("banqup_tui."):
            if one.__subclasses__():
                yield from leaves(one)
            else:
                yield one


CLICK = " Continue "

WALK = {
    "the clients": ("2",),
    "their menu": (".", "escape"),
    "the palette": (":", "escape"),
    "the help": ("?", "escape"),
    "a filter": ("/", "a", "[", "escape"),
    "the documents of a client": ("2", "enter", "enter"),
    "menu, sending, saving and copying": (".", "escape", "r", "escape", "d", "escape", "y", "escape"),
    "its deliveries": ("i", "escape"),
    "a document, its pages": ("enter", "tab", "pagedown", "tab", "pagedown", "tab", "escape"),
    "what is held, its pages": ("2", "=", "enter", *("tab", "pagedown") * 5, "=", "escape", "escape", "escape"),
    "files to place": ("2", "w", "down", "enter", "escape", "escape"),
    "the sources": ("2", "S", "down", "down", ".", "escape", "escape"),
    "a source's form": ("2", "S", "enter", "down", "escape", "escape"),
    "sources added": ("2", "S", "a", "escape", "delete", "escape", "escape"),
    "what failed": ("2", "f", "down", "enter", "down", "enter", "escape", "escape"),
    "refused changes": ("2", "c", "down", "."),
    "the clients as a list": ("escape", "3",),
    "a client": ("enter", "down", "tab", "shift+tab", ".", "escape"),
    "its form": ("a", "enter", "down", "down", "escape"),
    "several clients": ("3", "space", "down", "space", "a", "enter", CLICK, "down", "escape", "escape"),
    "the store": ("4", "down", "down", "."),
    "an extension's form": ("escape", "enter", "down", "escape"),
}  # fmt: skip


@pytest.mark.parametrize("size", [NARROW, MIDDLE])
async def test_hostile_text_is_only_text_in_every_place(opened: Opened, size: tuple[int, int]) -> None:
    places, seen = set(), ""
    async with opened(size) as here:
        await here.until(lambda: "[/b]" in here.text, "the hostile names have come")
        refuse(here, "p-ready", "F26/004417 is processed" + HOSTILE)
        await here.until(lambda: here.session.readers.extensions(), "the extensions")
        for what, keys in WALK.items():
            for key in keys:
                if key == CLICK:
                    await here.sees(CLICK)
                    await here.click(CLICK, shift=2)
                    await here.until(lambda: here.place == "ReviewScreen")
                else:
                    await here.press(key)
                    if key == "enter" and what.endswith("form"):
                        await here.until(lambda: here.place == "FormScreen")
                check_only_text(here, f"{what}: {key}")
                places.add(here.place)
                seen += here.text
    assert {FormScreen, review.ReviewScreen} <= set(leaves(Sheet))
    assert {one.__name__ for one in leaves(Sheet)} - places == set()
    assert "[@click" in seen
