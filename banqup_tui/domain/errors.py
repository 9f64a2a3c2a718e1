"""The one tree of errors that a user may meet."""

from __future__ import annotations


class BanqupError(Exception):
    """Something that the user must be told.

    `sentence` says in one plain sentence what happened; `remedy` says what to do about it and may be empty.
    `exit_code` is what the command line ends with.
    """

    exit_code: int = 1

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}".strip()


class UnreadableDocument(BanqupError):
    """A file that cannot be read as a document.

    `reason` is a slug that stays the same in every language (`encrypted-pdf`, `other-document`); `details`
    are the texts that were put into the sentence, so that another language can put them into its own.
    """

    exit_code = 65

    def __init__(self, reason: str, sentence: str, remedy: str = "", details: dict[str, str] | None = None) -> None:
        super().__init__(sentence, remedy)
        self.reason = reason
        self.details = details or {}
