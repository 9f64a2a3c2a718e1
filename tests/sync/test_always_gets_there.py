"""Whatever happens at the server, in the line and in other programs: the copy gets there, commands take effect once."""

import asyncio
import tempfile
import threading
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.protocol.commands import Send, SetProcessed, encode
from banqup_tui.store.outbox_entry import CommandState, OutboxQueue
from banqup_tui.store.overlay import VisibleEffect
from banqup_tui.sync.errors import ServerDown
from banqup_tui.sync.push import push
from tests.sync.fake_server import FakeServer, a_client, a_document
from tests.sync.test_pull import Reader

NAMES = st.sampled_from([f"d{number}" for number in range(6)])
CLIENTS = st.sampled_from(["c1", "c2", "c3"])


class CopyAndServer(RuleBasedStateMachine):
    @initialize(page_size=st.integers(1, 3), change_size=st.integers(1, 3))
    def a_server(self, page_size: int, change_size: int) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.server = FakeServer(page_size, change_size)
        for name in ("c1", "c2", "c3"):
            self.server.put_client(a_client(name))
        self.reader = Reader(Path(self.directory.name), self.server)
        self.minute = 0

    @rule(name=NAMES, client_id=CLIENTS)
    def a_document_is_put(self, name: str, client_id: str) -> None:
        self.minute += 1
        old = self.server.documents.get(name)
        if old is None:
            self.server.put(a_document(name, client_id, self.minute))
        else:
            self.server.put(msgspec.structs.replace(old, number=f"2026-x{self.minute}"))

    @rule(name=NAMES, state=st.sampled_from(list(DeliveryState)))
    def a_delivery_is_put(self, name: str, state: DeliveryState) -> None:
        if name in self.server.documents:
            self.server.put_delivery(
                Delivery(id=f"v{name}", integration_id="i", document_id=name, sha256="0" * 64, state=state)
            )

    @rule(name=NAMES)
    def a_document_is_deleted(self, name: str) -> None:
        if name in self.server.documents:
            self.server.delete(name)

    @rule(client_id=CLIENTS)
    def a_client_is_assigned_or_taken(self, client_id: str) -> None:
        if client_id in self.server.visible:
            self.server.revoke(client_id)
        else:
            self.server.grant(client_id)

    @rule()
    def tombstones_are_forgotten(self) -> None:
        self.server.forget_tombstones()

    @rule()
    def the_server_is_restored(self) -> None:
        self.server.restore()

    @rule()
    def changes_are_pulled(self) -> None:
        self.reader.changes()

    @rule()
    def a_page_is_pulled(self) -> None:
        self._page()

    @rule()
    def the_copy_is_begun(self) -> None:
        self.reader.begin()

    @rule(name=NAMES)
    def an_answer_comes_late(self, name: str) -> None:
        """Between question and answer a document goes, and another program has pulled that already."""

        def meanwhile(_call: str) -> None:
            self.server.before_answer = lambda _call: None
            if name in self.server.documents:
                self.server.delete(name)
            other = threading.Thread(target=self.reader.changes)
            other.start()
            other.join()

        self.server.before_answer = meanwhile
        self._page()
        self.server.before_answer = lambda _call: None

    @rule()
    def the_copy_catches_up(self) -> None:
        self.reader.catch_up()
        self.reader.check()

    def _page(self) -> None:
        if self.reader.copy.state().epoch == str(self.server.epoch):
            self.reader.page()

    @invariant()
    def counts_are_those_of_the_rows(self) -> None:
        if hasattr(self, "reader"):
            self.reader.check_counts()

    def teardown(self) -> None:
        if hasattr(self, "reader"):
            self.reader.catch_up()
            self.reader.check()
            self.reader.close()
            self.directory.cleanup()


class CommandsAndServer(RuleBasedStateMachine):
    """I1 to I3 with two programs on one outbox, lost answers, refusals, restored servers."""

    @initialize()
    def a_server(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.server = FakeServer()
        self.server.put_client(a_client("c1"))
        for number in range(3):
            self.server.put(a_document(f"d{number}", "c1", number))
        self.reader = Reader(Path(self.directory.name), self.server)
        self.reader.catch_up()
        self.submitted: list[str] = []

    def _act(self, body: Send | SetProcessed, effect: VisibleEffect) -> None:
        key = self.reader.outbox.give(
            body.KIND, bytes(encode(body)), self.reader.copy.state().seen,
            documents=body.document_ids, effect=effect,
        )  # fmt: skip
        self.submitted.append(key)

    @rule(number=st.integers(0, 2), processed=st.booleans())
    def the_user_marks(self, number: int, processed: bool) -> None:
        effect = VisibleEffect.PROCESSED if processed else VisibleEffect.NOT_PROCESSED
        self._act(SetProcessed(document_ids=(f"d{number}",), processed=processed), effect)
        row = self.reader.readers.row(f"d{number}")
        assert row is not None
        assert row.processed is processed

    @rule(number=st.integers(0, 2))
    def the_user_sends(self, number: int) -> None:
        self._act(Send(document_ids=(f"d{number}",)), VisibleEffect.SENT)

    @rule()
    def the_last_is_undone(self) -> None:
        if self.submitted:
            self.reader.outbox.take_back(self.submitted[-1])

    @rule()
    def the_next_is_refused(self) -> None:
        waiting = self.reader.outbox.waiting()
        if waiting and waiting[0].key not in self.server.answers:
            self.server.refuses.add(waiting[0].key)

    @rule()
    def a_batch_is_sent(self) -> None:
        self._push()

    @rule()
    def an_answer_is_lost(self) -> None:
        self.server.lose_answers = 1
        self._push()
        self.server.lose_answers = 0

    @rule()
    def another_program_sends_meanwhile(self) -> None:
        def meanwhile(call: str) -> None:
            if call == "commands":
                self.server.before_answer = lambda _call: None
                other = threading.Thread(target=self._push)
                other.start()
                other.join()

        self.server.before_answer = meanwhile
        self._push()
        self.server.before_answer = lambda _call: None

    @rule()
    def changes_are_pulled(self) -> None:
        self.reader.catch_up()
        state = self.reader.copy.state()
        self.reader.outbox.shown(state.seq)
        self.reader.outbox.stamp_anew(state.epoch, state.seq)

    @rule()
    def the_copy_is_thrown_away(self) -> None:
        self.reader.copy.put_aside()
        self.reader.catch_up()

    @rule()
    def the_server_is_restored(self) -> None:
        self.server.restore()

    def _push(self) -> None:
        try:
            asyncio.run(push(self.reader.line, self.reader.outbox))
        except ServerDown:
            return

    @invariant()
    def every_command_is_in_a_list_and_takes_effect_once_in_order(self) -> None:
        if not hasattr(self, "submitted"):
            return
        entries = {entry.key: entry for entry in self.reader.outbox.history()}
        assert set(self.submitted[-100:]) <= set(entries)
        assert len(self.server.effects) == len(set(self.server.effects))
        assert self.server.effects == [key for key in self.submitted if key in set(self.server.effects)]
        over = (CommandState.REFUSED, CommandState.CANCELLED)
        now_over = {key for key, entry in entries.items() if entry.state in over}
        assert not now_over & set(self.server.effects)

    def teardown(self) -> None:
        if not hasattr(self, "submitted"):
            return
        for _ in range(200):
            self.changes_are_pulled()
            if not self.reader.outbox.waiting_count(OutboxQueue.COMMANDS):
                break
            self._push()
        self.changes_are_pulled()
        assert not self.reader.outbox.waiting()
        assert self.reader.documents() == self.server.documents
        assert not any(row.pending for row in self.reader.readers.rows(list(self.server.documents)))
        self.reader.close()
        self.directory.cleanup()


few = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
TestCopyAndServer = CopyAndServer.TestCase
TestCopyAndServer.settings = few
TestCommandsAndServer = CommandsAndServer.TestCase
TestCommandsAndServer.settings = few
