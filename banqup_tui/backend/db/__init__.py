"""Storage: transactions, tables and migrations, the file store, and sealed values."""
