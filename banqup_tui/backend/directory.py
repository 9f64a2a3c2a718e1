"""What stands in the directory of a local backend."""

DATABASE_FILE = "banqup.sqlite"
KEY_FILE = "vault.key"
FILES = "files"
