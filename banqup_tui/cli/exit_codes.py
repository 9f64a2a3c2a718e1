"""Exit codes of the command line (docs/cli.md). Those from 64 to 78 are of sysexits.h."""

OK = 0
FAILED = 1
"""Part of it could not be done, or did not arrive; the rest was done."""
USAGE = 2
"""The command line could not be understood."""
NO_TERMINAL = 64
"""There is no terminal for the screen, or none that can show it."""
UNREADABLE = 65
"""A file is no document that can be read."""
NOT_THERE = 66
"""There is no such client, document, extension or file."""
NO_BACKEND = 69
"""The backend does not answer. Commands are stored and sent when it is back."""
INTERNAL = 70
"""An error of the program."""
CANNOT_WRITE = 73
"""A file or directory cannot be written: rights, or a full disk."""
STILL_UNDER_WAY = 75
"""The time was up before everything had settled."""
NEWER_VERSION = 76
"""A newer version of the program has written the files."""
SETTINGS = 78
"""A settings file, or the place of the program's files, is wrong."""
HUNG_UP = 129
"""The terminal was closed, or SIGHUP."""
INTERRUPTED = 130
"""Ctrl+C."""
TERMINATED = 143
"""SIGTERM."""
