"""Turns values into text for screens and the command line: words, amounts, dates, signs, messages."""
