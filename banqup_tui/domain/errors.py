"""The one tree of errors that a user may meet."""

from __future__ import annotations

from banqup_tui.domain.messages import TEXT, Message, text_message


class BanqupError(Exception):
    """Something that the user must be told.

    `message` says what happened and what to do about it. Errors that have no code yet are made of two texts: one plain
    sentence, and a remedy that may be empty. `exit_code` is what the command line ends with.
    """

    exit_code: int = 1

    def __init__(self, message: Message | str, remedy: str = "") -> None:
        self.message = text_message(message, remedy) if isinstance(message, str) else message
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The text of an error without a code; of any other its code."""
        return str(self.message.params.get("text", self.message.code))

    @property
    def remedy(self) -> str:
        return str(self.message.params.get("remedy", ""))

    def __str__(self) -> str:
        """For logs and tests; users are shown `presentation.messages.words_of`."""
        if self.message.code == TEXT:
            return f"{self.sentence} {self.remedy}".strip()
        values = [f"{name}: {value}" for name, value in self.message.params.items()]
        quoted = [f"“{self.message.quote}”"] if self.message.quote else []
        return " ".join([self.message.code, *([f"({', '.join(values)})"] if values else []), *quoted])


class UnreadableDocument(BanqupError):
    """A file that cannot be read as a document. Its message has one of the codes of `formats.refusals`."""

    exit_code = 65
