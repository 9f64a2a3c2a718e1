"""The names of the kinds of sources."""

from banqup_tui.domain.source import SourceKind
from banqup_tui.presentation.words import N_

KIND_NAMES: dict[SourceKind, str] = {
    SourceKind.FOLDER: N_("Watched folder"),
    SourceKind.SFTP_DROP: N_("SFTP drop"),
    SourceKind.MAILBOX: N_("Mailbox"),
}
