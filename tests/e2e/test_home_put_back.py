"""All of the program's files put back as they were an hour ago: what then arrives twice, and what does not."""

import asyncio
import hashlib
import os
import shutil
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.protocol.commands import AddIntegration, Install
from tests.support.hooks import SECRET, Hooks, hooks
from tests.support.local_setup import LocalSetup, id_of, invoices, until
from tests.support.mail import MailServer, mail_server

MANY = 40
LABELS = ("books", "read", "hook", "mail")
OPEN = {DeliveryState.QUEUED, DeliveryState.SENDING}


@contextmanager
def served(*servers: AbstractAsyncContextManager[Any]) -> Iterator[list[Any]]:
    """In a loop of their own, while the test waits for other processes."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    stack = AsyncExitStack()

    async def entered() -> list[Any]:
        return [await stack.enter_async_context(server) for server in servers]

    try:
        yield asyncio.run_coroutine_threadsafe(entered(), loop).result(20)
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def four_ways(setup: LocalSetup, client_id: str, hook: Hooks, mail: MailServer) -> None:
    folder = id_of("installation", "local-folder")
    webhook = id_of("installation", "webhook")
    email = id_of("installation", "email")
    sender = {"host": "127.0.0.1", "port": mail.port, "security": "none", "sender": "office@kantoor.example"}
    setup.do(
        Install(installation_id=folder, extension_id="local-folder", settings={"path": "/"}),
        Install(installation_id=webhook, extension_id="webhook", settings={"url": hook.url, "secret": SECRET}),
        Install(installation_id=email, extension_id="email", settings=sender),
    )
    ways: tuple[tuple[str, dict[str, str]], ...] = (
        (folder, {"path": f"{setup.received}/books/"}),
        (folder, {"path": f"{setup.received}/read/"}),
        (webhook, {}),
        (email, {"purchases": "in@boeken.example", "sales": "out@boeken.example"}),
    )
    for label, (installation, settings) in zip(LABELS, ways, strict=True):
        setup.do(
            AddIntegration(
                integration_id=id_of("integration", label),
                client_id=client_id,
                installation_id=installation,
                label=label,
                settings=settings,
            )
        )


def deliveries(setup: LocalSetup, label: str) -> dict[str, str]:
    """State by hash of the document."""
    path = setup.dirs.backend / "banqup.sqlite"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        asked = (
            "SELECT document.sha256, delivery.state FROM delivery JOIN document ON document.id = document_id"
            " WHERE integration_id = ?"
        )
        return dict(database.execute(asked, (id_of("integration", label),)).fetchall())


@contextmanager
def stopped(setup: LocalSetup) -> Iterator[None]:
    """As a virtual machine of which a snapshot is made: nothing in it goes on meanwhile."""
    pids = list(setup._processes())
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def settled(setup: LocalSetup) -> bool:
    states = setup.delivery_states()
    return bool(states) and not OPEN & {DeliveryState(state) for state in states}


def hashes_in(folder: Path) -> Counter[str]:
    return Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file())


def hashes_mailed(mail: MailServer) -> Counter[str]:
    attached = (part.get_payload(decode=True) for one in mail.box.messages() for part in one.iter_attachments())
    return Counter(hashlib.sha256(content).hexdigest() for content in attached if isinstance(content, bytes))


@pytest.mark.campaign
def test_a_home_put_back_whole_sends_again_and_only_who_can_know_takes_it_once(
    setup: LocalSetup, tmp_path: Path
) -> None:
    files = invoices(MANY)
    later = {"later.xml": invoices(MANY + 1)[f"F{MANY:04}.xml"]}
    wanted = {hashlib.sha256(content).hexdigest() for content in files.values()}
    (late,) = (hashlib.sha256(content).hexdigest() for content in later.values())
    snapshot = tmp_path / "snapshot"
    with served(hooks(), mail_server("none")) as (hook, mail):
        client_id = setup.add_client()
        four_ways(setup, client_id, hook, mail)
        setup.add_documents(client_id, files)
        until(lambda: all(list(deliveries(setup, label).values()).count("DELIVERED") > 4 for label in LABELS))
        with stopped(setup):
            shutil.copytree(
                setup.root / "home", snapshot, symlinks=True, ignore=lambda at, names: _sockets(Path(at), names)
            )
            known = {label: deliveries(setup, label) for label in LABELS}
        setup.add_documents(client_id, later)
        until(lambda: settled(setup), what="all deliveries")
        read = hashes_in(setup.received / "read")
        assert set(read) == wanted | {late}
        shutil.rmtree(setup.received / "read")

        for pid in setup._processes():
            os.kill(pid, signal.SIGKILL)
        until(lambda: not list(setup._processes()), what="the end of the program")
        shutil.rmtree(setup.root / "home")
        shutil.copytree(snapshot, setup.root / "home", symlinks=True)
        assert setup.banqup("sync").returncode == 0
        until(lambda: settled(setup), what="all deliveries that the snapshot has open")

        assert late not in {one["sha256"] for one in setup.documents()}, "what came after is gone"
        setup.add_documents(client_id, later)
        until(lambda: late in deliveries(setup, "mail"), what="the later document")
        until(lambda: settled(setup), what="all deliveries")

        again = {
            label: (wanted | {late}) - {sha256 for sha256, state in states.items() if state == "DELIVERED"}
            for label, states in known.items()
        }
        now = {label: deliveries(setup, label) for label in known}
        print({label: Counter(states.values()) for label, states in known.items()}, "in the snapshot")
        print({label: Counter(states.values()) for label, states in now.items()}, f"at the end; {hook.replays} replays")
    for label in ("books", "read", "hook"):
        assert now[label] == dict.fromkeys(wanted | {late}, "DELIVERED"), label
    assert hashes_in(setup.received / "books") == Counter(wanted | {late}), "a file that is there counts as arrived"
    taken = Counter(hashlib.sha256(one.content).hexdigest() for one in hook.stored.values())
    assert taken == Counter(wanted | {late}), "a key is taken once"
    assert hook.replays >= len(again["hook"]), "they were sent again"
    assert set(hashes_in(setup.received / "read")) <= again["read"], "what the snapshot knows as delivered stays away"
    assert late in hashes_in(setup.received / "read"), "what its reader took away arrives twice"
    mailed = hashes_mailed(mail)
    assert set(mailed) == wanted | {late}
    assert mailed[late] == 2, "by mail it arrives twice"
    for sha256 in wanted - again["mail"]:
        assert mailed[sha256] == 1, "what the snapshot knows as delivered is not sent again"
    assert set(now["mail"].values()) <= {"DELIVERED", "UNKNOWN"}


def _sockets(at: Path, names: list[str]) -> list[str]:
    return [name for name in names if (at / name).is_socket()]
