"""Names of the files and directories in the directory of a local backend."""

from banqup_tui.protocol.local import CONTENT_DIRECTORY

DATABASE_FILE = "banqup.sqlite"
KEY_FILE = "vault.key"
FILES = CONTENT_DIRECTORY
PRESETS_DIRECTORY = "presets"
"""Directory of the firm's own presets (docs/presets.md)."""

HOST_KEY_FILE = "drop_host_key"
"""Host key of the SFTP drop; mode 0600."""

DROP_SPOOL = "drop"
"""Directory for files that the SFTP drop is receiving."""
