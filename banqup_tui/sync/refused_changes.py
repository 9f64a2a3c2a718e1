"""Lists, repeats and dismisses the commands in the outbox that were refused or have expired."""

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from banqup_tui.domain.changes import Hindrance, RefusedChange
from banqup_tui.protocol.commands import CommandBody, decode
from banqup_tui.protocol.problems import message_in
from banqup_tui.store.files import Spool
from banqup_tui.store.outbox import FORGETFUL_KINDS, Outbox
from banqup_tui.store.outbox_entry import CommandState, OutboxEntry
from banqup_tui.store.readers import Readers

_DOCUMENTS_NAMED = 20


class RefusedChanges:
    """The refused and expired commands. It is cheap to make; any thread may call."""

    def __init__(self, outbox: Outbox, readers: Readers, spool: Spool) -> None:
        self._outbox = outbox
        self._readers = readers
        self._spool = spool

    def count(self) -> int:
        return self._outbox.refused_count()

    def all(self) -> list[RefusedChange]:
        """Returns all refused and expired commands, the newest first."""
        return [self._change(entry) for entry in self._outbox.refused()]

    def retry(self, keys: Sequence[str], seen: str) -> list[str]:
        """Repeats commands as new ones, in their old order. Returns the new keys; `seen` is that of the copy now.

        Commands that cannot be repeated stay in the list.
        """
        possible = {one.key for one in self.all() if one.hindrance is None}
        return self._outbox.give_again([key for key in keys if key in possible], seen)

    def clear(self, keys: Sequence[str]) -> None:
        """Takes commands off the list, and deletes their files in the spool if no other command needs them."""
        files = {entry.file for entry in self._outbox.refused() if entry.key in keys and entry.file}
        self._outbox.dismiss(keys)
        self._spool.drop_unless(self._outbox.needed_files, files)

    def clients_of(self, key: str) -> list[str]:
        """Returns the names of the clients that a command of any state concerns."""
        entry = self._outbox.entry(key)
        return [] if entry is None else list(self._clients(entry))

    def _change(self, entry: OutboxEntry) -> RefusedChange:
        rows = self._readers.rows(entry.documents[:_DOCUMENTS_NAMED])
        return RefusedChange(
            key=entry.key,
            what=entry.label or entry.kind,
            kind=entry.kind,
            at=entry.at,
            answered_at=entry.answered_at,
            expired=entry.state is CommandState.EXPIRED,
            reason=message_in(entry.problem),
            clients=self._clients(entry),
            documents=tuple(row.number or row.file_name for row in rows),
            document_count=len(entry.documents),
            hindrance=self._hindrance(entry),
        )

    def _hindrance(self, entry: OutboxEntry) -> Hindrance | None:
        if entry.kind in FORGETFUL_KINDS:
            return Hindrance.SETTINGS_FORGOTTEN
        if _body_of(entry) is None:
            return Hindrance.CONTENT_LOST
        if entry.file is not None and not self._spool.has(entry.file):
            return Hindrance.FILE_GONE
        return None

    def _clients(self, entry: OutboxEntry) -> tuple[str, ...]:
        """Returns the names of the clients of the command's documents, and of those that its body names."""
        ids = {row.client_id for row in self._readers.rows(entry.documents)}
        body = _body_of(entry)
        if body is not None:
            ids.add(getattr(body, "client_id", None) or "")
            integration_id = getattr(body, "integration_id", None)
            integration = self._readers.integration(integration_id) if integration_id else None
            ids.add(integration.client_id if integration else "")
        found = (self._readers.client(one) for one in ids if one)
        return tuple(sorted(client.name for client in found if client is not None))


def _body_of(entry: OutboxEntry) -> CommandBody | None:
    """Returns the decoded body of a command.

    `None` if a program of another version wrote it, or only its kind was saved from a damaged outbox.
    """
    with suppress(KeyError, msgspec.MsgspecError):
        return decode(entry.kind, entry.body)
    return None
