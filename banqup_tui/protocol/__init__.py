"""The wire: typed messages, paths, problems. The one thing that the sync and the backend share."""

PROTOCOL = 1
"""Version of this protocol; a terminal and a backend talk when their ranges overlap."""
MIN_PROTOCOL = 1
