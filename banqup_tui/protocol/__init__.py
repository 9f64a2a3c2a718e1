"""The wire protocol between terminal and backend: typed messages, paths, problems (docs/protocol.md)."""

PROTOCOL = 2
"""The newest version of the protocol that this program speaks; 1 was HTTP on a loopback port.

A terminal and a backend work together if the ranges `MIN_PROTOCOL` to `PROTOCOL` of both overlap.
"""
MIN_PROTOCOL = 2
