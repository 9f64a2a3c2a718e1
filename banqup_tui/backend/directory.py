"""What stands in the directory of a local backend."""

DATABASE_FILE = "banqup.sqlite"
KEY_FILE = "vault.key"
FILES = "files"
HOST_KEY_FILE = "drop_host_key"
"""Of the SFTP drop; mode 0600."""
DROP_SPOOL = "drop"
