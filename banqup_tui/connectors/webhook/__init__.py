"""Standard Webhooks: each document is posted as a signed event."""
