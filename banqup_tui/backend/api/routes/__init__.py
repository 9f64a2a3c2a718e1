"""The HTTP routes, one file for each resource. Their paths are in `protocol.paths`."""
