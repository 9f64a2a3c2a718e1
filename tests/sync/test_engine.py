"""The engine in its thread, and the one-shot calls of the command line."""

import asyncio
import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from banqup_tui.app_dirs import AppDirs
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.presentation.messages import remedy_of
from banqup_tui.protocol.commands import Copy as CopyAsked
from banqup_tui.protocol.commands import Resend, Send, SetProcessed
from banqup_tui.protocol.local import Endpoint
from banqup_tui.protocol.messages import SignInRequest, SignInState, TestRequest
from banqup_tui.store.faults import FaultCode, LocalFault
from banqup_tui.store.outbox_entry import CommandState
from banqup_tui.sync import rounds
from banqup_tui.sync.errors import NoNetwork, NotAnswered, RequestRefused, ServerDown, ServerFault, SignedOut
from banqup_tui.sync.session import Session
from banqup_tui.sync.state import SyncState, SyncWord
from tests.sync.fake_server import FakeServer, Line, a_client, a_document

ENDPOINT = Endpoint(socket="nowhere", instance_id="i", protocol=2, space_id="s", pid=1)


class Watch:
    """Waits for a state or a change of a running engine, never longer than ten seconds."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._news = threading.Condition()
        self.words: list[SyncWord] = []
        """One each time it was told."""
        session.engine.subscribe(self._heard)

    def _heard(self) -> None:
        with self._news:
            self.words.append(self.session.engine.state.word)
            self._news.notify_all()

    def until(self, holds: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(holds, 10), self.session.engine.state

    def until_word(self, word: SyncWord) -> SyncState:
        self.until(lambda: self.session.engine.state.word is word)
        return self.session.engine.state


def dirs(directory: Path) -> AppDirs:
    return AppDirs(*(directory / name for name in ("config", "data", "cache", "runtime", "log")))


@pytest.fixture
def server() -> FakeServer:
    server = FakeServer()
    server.put_client(a_client("c1"))
    for minute in range(5):
        server.put(a_document(f"d{minute}", "c1", minute))
    return server


@pytest.fixture
def session(tmp_path: Path, server: FakeServer) -> Iterator[Session]:
    session = Session.open(dirs(tmp_path), lambda: ENDPOINT, make_server=lambda _endpoint: Line(server))
    yield session
    session.close()


def test_a_started_engine_fills_the_copy_and_says_so(session: Session) -> None:
    watch = Watch(session)
    session.engine.start()
    watch.until_word(SyncWord.IN_STEP)
    assert session.readers.counts("c1").total == 5
    assert SyncWord.FIRST_COPY in watch.words


def test_what_the_user_does_reaches_the_server_and_comes_back(session: Session, server: FakeServer) -> None:
    watch = Watch(session)
    session.engine.start()
    watch.until_word(SyncWord.IN_STEP)
    key = session.act(SetProcessed(document_ids=("d1",), processed=True))
    row = session.readers.row("d1")
    assert row is not None
    assert row.status is AccountingStatus.PROCESSED
    watch.until(lambda: not session.outbox.waiting())
    watch.until_word(SyncWord.IN_STEP)
    entry = session.outbox.entry(key)
    assert entry is not None
    assert entry.state is CommandState.DONE
    watch.until(lambda: not session.readers.row("d1").pending)  # type: ignore[union-attr]
    assert server.documents["d1"].processed


def test_a_document_that_is_resent_is_shown_as_queued_at_once(session: Session, server: FakeServer) -> None:
    server.put_delivery(
        Delivery(id="v", integration_id="i", document_id="d1", sha256="0" * 64, state=DeliveryState.DELIVERED)
    )
    session.engine.sync_once()
    session.act(Resend(copies=(CopyAsked(delivery_id="v", generation=1),)))
    row = session.readers.row("d1")
    assert row is not None
    assert (row.status, row.pending) == (AccountingStatus.QUEUED, True)


def test_without_a_server_the_program_says_how_much_is_kept(tmp_path: Path) -> None:
    def nobody() -> Endpoint:
        raise NoNetwork

    session = Session.open(dirs(tmp_path), nobody)
    watch = Watch(session)
    session.act(Send(document_ids=("d1",)))
    session.engine.start()
    state = watch.until_word(SyncWord.OFFLINE)
    assert state.waiting == 1
    assert state.since is not None
    session.close()


@pytest.mark.parametrize("runs", [True, False])
def test_a_fault_in_the_loop_of_the_engine_is_in_the_log_and_not_on_the_terminal(
    session: Session, server: FakeServer, tmp_path: Path, capfd: pytest.CaptureFixture[str], runs: bool
) -> None:
    server._asked = lambda _call: asyncio.get_running_loop().call_soon(int, "no number")  # type: ignore[assignment]
    if runs:
        session.engine.start()
    session.engine.sync_once()
    session.close()
    assert capfd.readouterr().err == ""
    assert "no number" in (dirs(tmp_path).log / "banqup.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(("error", "word"), [(ServerDown(), SyncWord.SERVER_DOWN), (SignedOut(), SyncWord.SIGNED_OUT)])
def test_the_program_says_why_it_is_not_connected(
    session: Session, server: FakeServer, error: Exception, word: SyncWord
) -> None:
    server.fault = error
    watch = Watch(session)
    session.engine.start()
    watch.until_word(word)
    server.fault = None
    session.engine.wake()
    watch.until_word(SyncWord.IN_STEP)


def test_a_backend_that_cannot_start_is_told_with_its_remedy(tmp_path: Path) -> None:
    def broken() -> Endpoint:
        raise BanqupError("The local backend does not start.", "Look at its log.")

    session = Session.open(dirs(tmp_path), broken)
    watch = Watch(session)
    session.engine.start()
    assert remedy_of(watch.until_word(SyncWord.SERVER_DOWN).message) == "Look at its log."
    session.close()


def test_a_command_the_server_cannot_run_does_not_hold_up_the_news(session: Session, server: FakeServer) -> None:
    watch = Watch(session)
    session.engine.start()
    watch.until_word(SyncWord.IN_STEP)
    server.fault_of_command = ServerFault()  # type: ignore[attr-defined]
    session.outbox.give("RAISES", b"{}", session.copy.state().seen)
    server.put(a_document("news", "c1", 77))
    session.engine.wake()
    watch.until(lambda: session.readers.row("news") is not None)
    assert session.outbox.waiting_count() == 1


def test_a_refused_change_is_told_and_the_row_is_as_the_server_has_it(session: Session, server: FakeServer) -> None:
    session.engine.sync_once()
    key = session.act(SetProcessed(document_ids=("d1",), processed=True))
    server.refuses.add(key)
    watch = Watch(session)
    session.engine.start()
    assert watch.until_word(SyncWord.REFUSED).refused == 1
    row = session.readers.row("d1")
    assert row is not None
    assert row.status is AccountingStatus.READY_TO_PROCESS


def test_the_command_line_waits_for_its_command(session: Session, server: FakeServer) -> None:
    key = session.act(Send(document_ids=("d2",)))
    (entry,) = session.engine.push_and_wait([key])
    assert entry.state is CommandState.DONE
    assert entry.result == {"queued": 1}
    row = session.readers.row("d2")
    assert row is not None
    assert (row.status, row.pending) == (AccountingStatus.QUEUED, False)


def test_a_command_that_finds_no_answer_in_time_is_kept(session: Session, server: FakeServer) -> None:
    server.fault_of_command = ServerFault()  # type: ignore[attr-defined]
    session.engine.sync_once()
    key = session.outbox.give("RAISES", b"{}", session.copy.state().seen)
    with pytest.raises(NotAnswered):
        session.engine.push_and_wait([key], timeout=0.2)
    assert [entry.key for entry in session.outbox.waiting()] == [key]


def test_an_imported_file_is_sent_before_its_command(session: Session, server: FakeServer, tmp_path: Path) -> None:
    file = tmp_path / "invoice.xml"
    file.write_bytes(b"<Invoice/>")
    key = session.import_file(file, client_id="c1")
    (entry,) = session.engine.push_and_wait([key])
    assert entry.state is CommandState.DONE
    assert list(server.files.values()) == [b"<Invoice/>"]
    assert not list(session.spool.directory.iterdir())


def test_a_file_is_downloaded_once(session: Session, server: FakeServer) -> None:
    server.files["ab" * 32] = b"content"
    assert session.engine.download("ab" * 32).read_bytes() == b"content"
    assert session.engine.download("ab" * 32).read_bytes() == b"content"
    assert server.calls.count("download") == 1


def test_files_of_a_client_taken_away_are_gone_from_this_computer(session: Session, server: FakeServer) -> None:
    sha256 = server.documents["d1"].sha256
    server.files[sha256] = b"content"
    session.engine.sync_once()
    path = session.engine.download(sha256)
    server.revoke("c1")
    session.engine.sync_once()
    assert not path.exists()


def test_questions_are_answered_while_the_engine_runs(session: Session, server: FakeServer) -> None:
    watch = Watch(session)
    session.engine.start()
    watch.until_word(SyncWord.IN_STEP)
    assert session.engine.ask(lambda here: here.test(TestRequest(extension_id="x"))).ok
    assert session.engine.ask(lambda here: here.backfill("c1", None)).count == 5
    begun = session.engine.ask(lambda here: here.begin_sign_in(SignInRequest(extension_id="x", field="sign_in")))
    assert session.engine.ask(lambda here: here.sign_in(begun.id)).state is SignInState.WAITING
    with pytest.raises(RequestRefused):
        session.engine.ask(lambda here: here.return_to(begun.id, "http://elsewhere.example/"))
    right = server.sign_ins.right
    assert session.engine.ask(lambda here: here.return_to(begun.id, right)).state is SignInState.SIGNED_IN


def test_of_two_terminals_one_pulls_and_both_show_the_news(
    session: Session, server: FakeServer, tmp_path: Path
) -> None:
    first = Watch(session)
    session.engine.start()
    first.until_word(SyncWord.IN_STEP)
    other = Session.open(dirs(tmp_path), lambda: ENDPOINT, make_server=lambda _endpoint: Line(server))
    second = Watch(other)
    other.engine.start()
    second.until_word(SyncWord.IN_STEP)
    word_count = len(second.words)
    server.put(a_document("news", "c1", 88))
    session.engine.wake()
    second.until(lambda: other.readers.row("news") is not None and len(second.words) > word_count)
    other.close()


def test_a_damaged_copy_is_made_again_while_the_program_runs(session: Session, server: FakeServer) -> None:
    session.engine.sync_once()
    session.act(SetProcessed(document_ids=("d1",), processed=True))
    session.copy.writer().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    session.copy.close()
    content = bytearray(session.copy.path.read_bytes())
    content[4096 * 2 :] = b"\xff" * (len(content) - 4096 * 2)
    session.copy.path.write_bytes(content)
    watch = Watch(session)
    session.engine.start()
    watch.until(lambda: session.engine.state.word is SyncWord.IN_STEP and server.documents["d1"].processed)
    assert session.readers.counts("c1").total == 5


def test_stopping_takes_less_than_a_second_even_while_connecting(tmp_path: Path) -> None:
    forever = threading.Event()

    def slow() -> Endpoint:
        forever.wait(30)
        return ENDPOINT

    session = Session.open(dirs(tmp_path), slow)
    session.engine.start()
    done = threading.Event()

    def close() -> None:
        session.close()
        done.set()

    stopper = threading.Thread(target=close)
    stopper.start()
    assert done.wait(1.0)
    forever.set()
    stopper.join()


# whatever happens, an open program connects again


class Odd(Exception):
    """Nobody has foreseen it."""


FORESEEN_OR_NOT = [
    (OSError(errno.EMFILE, "Too many open files"), SyncWord.LOCAL_FAULT),
    (OSError(errno.ENOSPC, "No space left on device"), SyncWord.LOCAL_FAULT),
    (MemoryError(), SyncWord.LOCAL_FAULT),
    (OSError(errno.EISDIR, "Is a directory", "backend.log"), SyncWord.SERVER_DOWN),
    (RuntimeError("Cannot send a request, as the client has been closed."), SyncWord.PROGRAM_FAULT),
    (Odd("by nobody"), SyncWord.PROGRAM_FAULT),
]


@pytest.mark.parametrize(("error", "word"), FORESEEN_OR_NOT)
def test_an_open_program_connects_again_whatever_kept_it_from_starting_the_backend(
    tmp_path: Path, server: FakeServer, error: Exception, word: SyncWord
) -> None:
    faults = [error] * 3

    def connect() -> Endpoint:
        if faults:
            raise faults[-1]
        return ENDPOINT

    session = Session.open(dirs(tmp_path), connect, make_server=lambda _endpoint: Line(server))
    watch = Watch(session)
    session.engine.start()
    state = watch.until_word(word)
    assert state.message is not None
    faults.clear()
    session.engine.wake()
    watch.until_word(SyncWord.IN_STEP)
    session.close()


@pytest.mark.parametrize(("error", "word"), FORESEEN_OR_NOT)
def test_an_open_program_goes_on_whatever_happened_while_it_was_connected(
    session: Session, server: FakeServer, error: Exception, word: SyncWord
) -> None:
    watch = Watch(session)
    session.engine.start()
    watch.until_word(SyncWord.IN_STEP)
    server.fault = error
    session.engine.wake()
    watch.until_word(word)
    server.fault = None
    session.engine.wake()
    watch.until_word(SyncWord.IN_STEP)


def test_a_mistake_of_the_program_is_in_its_log_once(session: Session, server: FakeServer, tmp_path: Path) -> None:
    server.fault = Odd("by nobody")
    watch = Watch(session)
    session.engine.start()
    watch.until_word(SyncWord.PROGRAM_FAULT)
    watch.until(lambda: session.engine.state.tries > 1)
    assert (tmp_path / "log" / "banqup.log").read_text().count("by nobody") == 1


def test_without_descriptors_for_its_thread_the_engine_begins_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_loop, failures = asyncio.new_event_loop, [OSError(errno.EMFILE, "Too many open files")]

    def failing() -> asyncio.AbstractEventLoop:
        if failures:
            raise failures.pop()
        return new_loop()

    monkeypatch.setattr(asyncio, "new_event_loop", failing)
    watch = Watch(session)
    session.engine.start()
    watch.until_word(SyncWord.IN_STEP)
    assert SyncWord.LOCAL_FAULT in watch.words


@pytest.mark.parametrize("error", [error for error, _word in FORESEEN_OR_NOT if isinstance(error, OSError)])
def test_the_command_line_is_told_in_a_sentence_why_it_has_no_connection(tmp_path: Path, error: Exception) -> None:
    def connect() -> Endpoint:
        raise error

    session = Session.open(dirs(tmp_path), connect)
    with pytest.raises(BanqupError):
        session.engine.sync_once()
    session.close()


def test_a_server_that_hangs_is_said_before_its_connection_is_given_up(session: Session, server: FakeServer) -> None:
    watch = Watch(session)
    session.engine.start()
    watch.until_word(SyncWord.IN_STEP)
    server.silent_for = 4.0
    state = watch.until_word(SyncWord.SERVER_DOWN)
    assert state.message == message("sync.server-silent")
    assert state.since is not None
    server.silent_for = 0.0
    watch.until_word(SyncWord.IN_STEP)


def test_a_fault_that_a_screen_has_met_is_the_state_until_it_is_over(session: Session) -> None:
    watch = Watch(session)
    session.engine.start()
    watch.until_word(SyncWord.IN_STEP)
    session.engine.report(LocalFault(FaultCode.DISK_FULL, session.outbox.path))
    state = watch.until_word(SyncWord.LOCAL_FAULT)
    assert state.fault is FaultCode.DISK_FULL
    watch.until_word(SyncWord.IN_STEP)


def test_a_full_disk_stays_the_state_until_something_can_be_written(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(directory: Path) -> None:
        raise LocalFault(FaultCode.DISK_FULL, directory)

    watch = Watch(session)
    session.engine.start()
    watch.until_word(SyncWord.IN_STEP)
    monkeypatch.setattr(rounds, "probe", full)
    session.engine.report(LocalFault(FaultCode.DISK_FULL, session.outbox.path))
    watch.until_word(SyncWord.LOCAL_FAULT)
    watch.until(lambda: session.engine.state.tries > 2)
    monkeypatch.undo()
    watch.until_word(SyncWord.IN_STEP)
