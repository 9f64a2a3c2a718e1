"""The delivery ledger: what each integration has of each document, and how it gets there (docs/protocol.md).

One row per (integration, content). A row changes its state only here, each time in one transaction under the lock of
its integration, and the accounting status of its document changes with it.
"""
