"""Ways in: what a path says about a document, what lies in a watched folder, whose a document is."""
