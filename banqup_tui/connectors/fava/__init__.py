"""Connector that files each document under an account of a Beancount ledger in Fava."""
