"""The English texts of a code."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Texts(NamedTuple):
    """The English texts of a code, marked with `N_` where they are written so that the catalogues include them.

    `words` has, for each parameter whose value is a code (a folder, a kind of document), the text of each value, which
    may have other parameters in braces. A value without a text is shown unchanged.
    """

    sentence: str
    remedy: str = ""
    words: Mapping[str, Mapping[str, str]] = MappingProxyType({})

    @property
    def all(self) -> tuple[str, ...]:
        """All texts that are translated."""
        words = (word for of_parameter in self.words.values() for word in of_parameter.values())
        return (self.sentence, *filter(None, (self.remedy, *words)))


NOTHING = Texts("")
