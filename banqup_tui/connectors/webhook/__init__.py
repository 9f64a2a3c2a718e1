"""Connector that posts each document as a signed event of Standard Webhooks."""
