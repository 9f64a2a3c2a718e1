"""Sends due deliveries: claims them, runs their attempts concurrently, and records the results in the ledger."""
