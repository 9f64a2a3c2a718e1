"""Start, run and end of the service's process; backup and restore."""
