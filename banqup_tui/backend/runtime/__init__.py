"""Starts, runs and ends the service's process; backup and restore."""
