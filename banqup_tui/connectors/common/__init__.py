"""Parts that several connectors share: HTTP, faults, hidden files, paths and limits."""
