"""Several dispatchers on one database, while a user pauses and resumes."""

import random
import threading
from pathlib import Path
from typing import Any

from banqup_tui.backend.db import tables
from banqup_tui.backend.ledger.claim import Claim, claim
from banqup_tui.connectors.interface import NotSent, Receipt
from banqup_tui.domain.extension import ReceiverKind
from banqup_tui.protocol.commands import PauseIntegration, ResumeIntegration
from tests.backend.ledger.harness import LedgerHarness


class _Watch:
    """What the threads saw. `pauses` rises with every pause and resume that was answered; odd means paused."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pauses = 0
        self.sending: dict[str, set[str]] = {}
        self.sent: list[str] = []
        self.errors: list[str] = []

    def begun(self, one: Claim, most: int) -> None:
        with self.lock:
            under_way = self.sending.setdefault(one.integration_id, set())
            if one.delivery_id in under_way or one.delivery_id in self.sent:
                self.errors.append(f"{one.delivery_id} was claimed twice")
            under_way.add(one.delivery_id)
            if len(under_way) > most:
                self.errors.append(f"{one.integration_id} has {len(under_way)} under way")

    def ended(self, one: Claim, sent: bool) -> None:
        with self.lock:
            self.sending[one.integration_id].discard(one.delivery_id)
            if sent:
                self.sent.append(one.delivery_id)


def test_dispatchers_side_by_side_send_nothing_twice_nothing_over_the_slots_nothing_while_paused(
    tmp_path: Path,
) -> None:
    harness, watch, done = LedgerHarness(tmp_path), _Watch(), threading.Event()
    receiver = harness.receiver(ReceiverKind.NEITHER)
    integrations = []
    for name in ("One", "Two", "Three"):
        client = harness.client(name)
        integrations.append(harness.integration(client, receiver, concurrency=2))
        harness.documents(client, 20)
    harness.plan()
    total = len(harness.deliveries())
    workers = [threading.Thread(target=_work, args=(harness, watch, f"w{n}", done)) for n in range(4)]
    user = threading.Thread(target=_pause_and_resume, args=(harness, watch, integrations[0], done))
    for thread in (*workers, user):
        thread.start()
    for thread in workers:
        thread.join(40)
    done.set()
    user.join(60)
    assert watch.errors == []
    assert len(watch.sent) == len(set(watch.sent)) == total
    assert harness.states() == {"DELIVERED": total}
    harness.check_statuses()


def _work(harness: LedgerHarness, watch: _Watch, owner: str, done: threading.Event) -> None:
    try:
        while len(watch.sent) < 60 and not done.is_set():
            with harness.write() as transaction:
                # What has ended is noted before the claim can give its slot to another.
                claims = claim(transaction, harness.rules, owner, 2) or []
                for one in claims:
                    watch.begun(one, 2)
            for one in claims:
                _attempt(harness, watch, one)
            if not claims:
                harness.clock.pass_(10)
                done.wait(0.005)
    except Exception as error:
        watch.errors.append(repr(error))
        done.set()


def _attempt(harness: LedgerHarness, watch: _Watch, one: Claim) -> None:
    before = watch.pauses
    allowed = harness.mark(one)
    if allowed and before % 2 and before == watch.pauses and one.integration_id == harness.paused:  # type: ignore[attr-defined]
        watch.errors.append("something was sent while paused")
    if not allowed:
        watch.ended(one, sent=False)
        return
    result: Any = Receipt(text="there") if random.random() < 0.9 else NotSent("Busy.")
    watch.ended(one, sent=isinstance(result, Receipt))
    harness.record(one, result)


def _pause_and_resume(harness: LedgerHarness, watch: _Watch, integration: str, done: threading.Event) -> None:
    harness.paused = integration  # type: ignore[attr-defined]
    while not done.is_set():
        harness.do(PauseIntegration(integration_id=integration))
        watch.pauses += 1
        done.wait(0.02)
        watch.pauses += 1
        harness.do(ResumeIntegration(integration_id=integration))
        done.wait(0.02)
    assert harness.row(tables.integration, integration).state == "ACTIVE"
