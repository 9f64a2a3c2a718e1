"""What a code stands for in English."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Texts(NamedTuple):
    """All are marked with `N_` where they are written, so that they come into the catalogues.

    `words`: for a parameter whose value is a code itself (the name of a folder, a kind of document), the text of each
    value. It may have names of other parameters in braces. A value that is not there is shown as it is.
    """

    sentence: str
    remedy: str = ""
    words: Mapping[str, Mapping[str, str]] = MappingProxyType({})

    @property
    def all(self) -> tuple[str, ...]:
        """What is translated of it."""
        words = (word for of_parameter in self.words.values() for word in of_parameter.values())
        return (self.sentence, *filter(None, (self.remedy, *words)))


NOTHING = Texts("")
