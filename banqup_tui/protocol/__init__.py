"""The wire: typed messages, paths, problems. The one thing that the sync and the backend share."""

PROTOCOL = 2
"""Version of this protocol; a terminal and a backend talk when their ranges overlap. 1 was HTTP on a loopback port."""
MIN_PROTOCOL = 2
