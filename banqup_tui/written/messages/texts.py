"""What a code stands for in English."""

from typing import NamedTuple


class Texts(NamedTuple):
    """Both are marked with `N_` where they are written, so that they come into the catalogues."""

    sentence: str
    remedy: str = ""


NOTHING = Texts("")
