"""Connector that uploads each document to an SFTP server under a hidden name and renames it."""
