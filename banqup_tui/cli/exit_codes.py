"""What the command line ends with (docs/cli.md). The numbers above 60 are those of sysexits.h."""

OK = 0
FAILED = 1
"""Some of it could not be done, or did not arrive; what could be done was done."""
USAGE = 2
"""The command line itself could not be understood."""
NO_TERMINAL = 64
"""The screen was asked for, and there is no terminal, or none that can show it."""
UNREADABLE = 65
"""A file that is no document that can be read."""
NOT_THERE = 66
"""No such client, document, extension, file."""
NO_BACKEND = 69
"""The backend does not answer; what was asked is kept and goes when it is back."""
INTERNAL = 70
"""A mistake in the program."""
CANNOT_WRITE = 73
"""A file or directory cannot be written: rights, or a full disk."""
STILL_UNDER_WAY = 75
"""Waiting came to its end before everything had settled."""
NEWER_VERSION = 76
"""A newer version of the program has been here."""
SETTINGS = 78
"""A settings file, or the place where the program keeps its files, is wrong."""
HUNG_UP = 129
"""The terminal was closed, or SIGHUP."""
INTERRUPTED = 130
"""Ctrl+C."""
TERMINATED = 143
"""SIGTERM."""
