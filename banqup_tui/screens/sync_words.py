"""The state of the synchronisation in words for the header, long and short."""

from __future__ import annotations

from banqup_tui.presentation.formats import clock, count
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.store.faults import FaultCode
from banqup_tui.sync.state import SyncState, SyncWord
from banqup_tui.widgets.header import SyncLabel


def header_state(state: SyncState) -> SyncLabel:
    words = ngettext("{count} kept", "{count} kept", state.waiting)
    waiting = f" · {words.format(count=count(state.waiting))}" if state.waiting else ""
    since = f" {_('since {at}').format(at=clock(state.since.astimezone()))}" if state.since else ""
    match state.word:
        case SyncWord.STARTING:
            return SyncLabel("queued", "info", f"{_('Starting')}{waiting}", f"{_('Starting')}{waiting}")
        case SyncWord.UPDATING:
            return SyncLabel("down", "info", _("Updating"), _("Updating"))
        case SyncWord.FIRST_COPY:
            text = _("{part} of {whole}").format(part=count(state.done), whole=count(state.total))
            return SyncLabel("down", "info", text, text)
        case SyncWord.RECOPYING:
            text = _("Copying again, {percent}%").format(percent=state.percent)
            return SyncLabel("down", "info", text, text)
        case SyncWord.SENDING:
            long = ngettext("Sending {count} change", "Sending {count} changes", state.waiting)
            return SyncLabel(
                "up",
                "info",
                long.format(count=count(state.waiting)),
                _("{count} to send").format(count=count(state.waiting)),
            )
        case SyncWord.OFFLINE:
            return SyncLabel("warning", "warn", f"{_('Offline')}{since}{waiting}", f"{_('Offline')}{waiting}")
        case SyncWord.SERVER_DOWN:
            return SyncLabel("error", "error", f"{_('Server not answering')}{waiting}", f"{_('No server')}{waiting}")
        case SyncWord.LOCAL_FAULT:
            long, short = fault_words(state.fault)
            return SyncLabel("error", "error", f"{long}{waiting}", f"{short}{waiting}")
        case SyncWord.PROGRAM_FAULT:
            return SyncLabel("error", "error", f"{_('Program error')}{waiting}", f"{_('Program error')}{waiting}")
        case SyncWord.CLOCK_BACK:
            return SyncLabel("warning", "warn", _("The clock was set back"), _("Clock set back"))
        case SyncWord.SIGNED_OUT:
            return SyncLabel("warning", "warn", f"{_('Sign in again')}{waiting}", _("Sign in"))
        case SyncWord.REFUSED:
            long = ngettext("{count} change refused", "{count} changes refused", state.refused)
            short = ngettext("{count} refused", "{count} refused", state.refused).format(count=count(state.refused))
            return SyncLabel("warning", "warn", long.format(count=count(state.refused)), short)
        case SyncWord.IN_STEP:
            return SyncLabel("done", "ok", _("Up to date"), _("Up to date"))


def fault_words(code: FaultCode | None) -> tuple[str, str]:
    """Returns what this computer lacks, long and short."""
    match code:
        case FaultCode.DISK_FULL:
            return _("The disk is full"), _("Disk full")
        case FaultCode.READ_ONLY:
            return _("The disk is read-only"), _("Read-only")
        case FaultCode.NO_PERMISSION:
            return _("No rights to the program's files"), _("No rights")
        case FaultCode.TOO_MANY_FILES:
            return _("Too many open files"), _("Too many files")
        case FaultCode.NO_MEMORY:
            return _("Not enough memory"), _("No memory")
        case FaultCode.LOCKED:
            return _("Another program uses the files"), _("Files in use")
        case FaultCode.DAMAGED:
            return _("A file is damaged"), _("Damaged")
        case _:
            return _("The disk reports errors"), _("Disk error")
