"""The folders and documents of a client."""
