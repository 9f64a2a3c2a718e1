"""Fava: each document is filed under an account of a Beancount ledger."""
