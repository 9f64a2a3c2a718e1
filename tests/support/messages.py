"""What is said to the user, read in tests as the user reads it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import Message
from banqup_tui.presentation import messages
from banqup_tui.presentation.words import in_language

E = TypeVar("E", bound=BanqupError)


def sentence(of: Any, language: str = "en") -> str:
    """Of an error, or of a step of a test of a connection."""
    with in_language(language):
        return messages.sentence_of(_message(of))


def remedy(of: Any, language: str = "en") -> str:
    with in_language(language):
        return messages.remedy_of(_message(of))


def words(of: Any, language: str = "en") -> str:
    with in_language(language):
        return messages.words_of(_message(of))


@contextmanager
def raising(kind: type[E] | tuple[type[E], ...], match: str) -> Iterator[pytest.ExceptionInfo[E]]:
    """As `pytest.raises`, where `match` is searched in the sentence and the remedy."""
    with pytest.raises(kind) as caught:
        yield caught
    assert re.search(match, words(caught.value)), words(caught.value)


def _message(of: Any) -> Message:
    message: Message = of if isinstance(of, Message) else of.message
    return message
