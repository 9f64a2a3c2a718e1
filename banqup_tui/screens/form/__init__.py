"""Settings to fill in, drawn from a JSON Schema."""
