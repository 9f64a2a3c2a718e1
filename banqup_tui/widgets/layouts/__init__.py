"""How domain values are laid out as lines: invoices, statements, deliveries, integrations and others."""
