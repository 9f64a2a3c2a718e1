"""The delivery ledger records which content each integration has received, and decides what is sent next.

There is one `delivery` row per (integration, content). Only this package changes the state of a row. Each change is one
transaction under the lock of the integration's row, and updates the accounting status of the document with it. The
states, events and guards are in docs/protocol.md, "Delivery ledger".
"""
