"""The wire protocol between terminal and backend: typed messages, paths, problems (docs/protocol.md)."""

PROTOCOL = 3
"""The newest version of the protocol that this program speaks.

1 was HTTP on a loopback port; 2 was that of version 0.5.0, whose service does not know the commands and answers of
0.6.0, nor files that are sent together. Raise it with each release whose terminal needs more of its service.

A terminal and a backend work together if the ranges `MIN_PROTOCOL` to `PROTOCOL` of both overlap.
"""
MIN_PROTOCOL = 2
