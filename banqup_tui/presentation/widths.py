"""Measures the width of texts, in a module of its own so that the command line does not import Textual."""

from rich.cells import cell_len


def width_of(text: str) -> int:
    """Returns the number of cells of a text."""
    return len(text) if text.isascii() else cell_len(text)
