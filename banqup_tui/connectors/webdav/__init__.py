"""Connector that uploads each document to a WebDAV server under a hidden name and moves it."""
