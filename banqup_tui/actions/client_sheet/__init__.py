"""Sheets of clients, in and out: .xlsx and CSV, with the columns of Banqup's own."""
