"""Panels that lie over a place and answer a question: menu, palette, help, questions."""
