"""The base of all errors that are shown to the user."""

from __future__ import annotations

from banqup_tui.domain.messages import TEXT, Message, text_message


class BanqupError(Exception):
    """An error that is shown to the user.

    `message` has the code and parameters of what happened. An error may also be made of two texts, a sentence and a
    remedy, where no code exists (a package of another author). `exit_code` is the exit code of the command line.
    """

    exit_code: int = 1

    def __init__(self, message: Message | str, remedy: str = "") -> None:
        self.message = text_message(message, remedy) if isinstance(message, str) else message
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The text of an error without a code, else its code; for logs."""
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
