"""Notifies listeners of changes of the copy and the outbox, and of the state of the synchronization."""

from collections.abc import Callable

import msgspec

from banqup_tui.domain.errors import BanqupError
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.faults import FaultCode, LocalFault
from banqup_tui.store.outbox import Outbox
from banqup_tui.sync.clock import ClockWatch
from banqup_tui.sync.errors import ClockSetBack, NoNetwork, ProgramFault, SignedOut
from banqup_tui.sync.state import SyncState, SyncWord
from banqup_tui.sync.trouble import SyncTrouble

Listener = Callable[[], None]


class Listeners:
    """The listeners, called in the thread of the caller, and the `state` of their last notification."""

    def __init__(self, copy: LocalCopy, outbox: Outbox, trouble: SyncTrouble, clock: ClockWatch) -> None:
        self.state = SyncState()
        self._copy = copy
        self._outbox = outbox
        self._trouble = trouble
        self._clock = clock
        self._listeners: list[Listener] = []

    def add(self, listener: Listener) -> Callable[[], None]:
        """Adds a listener. Returns a function that removes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def notify(self) -> None:
        """Calls every listener: the copy or the outbox has changed."""
        for listener in tuple(self._listeners):
            listener()

    def update_state(self, busy_with: SyncWord | None = None) -> None:
        """Computes `state` anew, and calls every listener if it has changed. `busy_with` is the work of the moment."""
        state = self._current(busy_with)
        if state != self.state:
            self.state = state
            self.notify()

    def _current(self, busy_with: SyncWord | None) -> SyncState:
        trouble = self._trouble
        error = trouble.error
        try:
            waiting = self._outbox.waiting_count()
            refused = self._outbox.refused_count()
            copy = self._copy.state()
        except LocalFault as fault:  # the files cannot be read now: the last counts stay
            error = error or fault
            return msgspec.structs.replace(
                self.state, word=_word_of(error), message=error.message, fault=_code_of(error),
                since=trouble.since, tries=trouble.tries,
            )  # fmt: skip
        word = self._word(busy_with, waiting, refused, copy.is_complete, copy.again)
        if error is None and word is SyncWord.IN_STEP and (was_at := self._clock.was_at()) is not None:
            word, error = SyncWord.CLOCK_BACK, ClockSetBack(was_at)
        return SyncState(
            word=word,
            waiting=waiting,
            since=trouble.since if error else None,
            tries=trouble.tries if error else 0,
            done=0 if copy.is_complete else copy.arrived,
            total=0 if copy.is_complete else copy.expected,
            refused=refused,
            message=error.message if error else None,
            fault=_code_of(error),
        )

    def _word(self, busy_with: SyncWord | None, waiting: int, refused: int, is_complete: bool, again: bool) -> SyncWord:
        if self._trouble.error is not None:
            return _word_of(self._trouble.error)
        if busy_with is SyncWord.STARTING:
            return SyncWord.STARTING
        if not is_complete:
            return SyncWord.RECOPYING if again else SyncWord.FIRST_COPY
        if waiting:
            return SyncWord.SENDING
        if busy_with is not None and busy_with is not SyncWord.SENDING:
            return busy_with
        return SyncWord.REFUSED if refused else SyncWord.IN_STEP


def _word_of(error: BanqupError) -> SyncWord:
    return next((word for kind, word in _WORDS.items() if isinstance(error, kind)), SyncWord.SERVER_DOWN)


def _code_of(error: BanqupError | None) -> FaultCode | None:
    return error.code if isinstance(error, LocalFault) else None


_WORDS: dict[type[BanqupError], SyncWord] = {
    NoNetwork: SyncWord.OFFLINE,
    SignedOut: SyncWord.SIGNED_OUT,
    LocalFault: SyncWord.LOCAL_FAULT,
    ProgramFault: SyncWord.PROGRAM_FAULT,
}
