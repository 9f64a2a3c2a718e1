"""The table of documents: columns, labels, lines, and rows that are read when they are seen."""
