"""What several connectors use: HTTP, faults, hidden files, paths, limits."""
