"""How many cells a text takes. Apart, so that whoever writes figures for the command line needs no Textual."""

from rich.cells import cell_len


def width_of(text: str) -> int:
    """Cells that `text` takes."""
    return len(text) if text.isascii() else cell_len(text)
