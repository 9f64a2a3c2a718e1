"""The local HTTP service: API, database, delivery ledger, dispatch, intake and integrations."""
