"""The one tree of errors. Each has a sentence for the user, a remedy, and an exit code."""


class BanqupError(Exception):
    """`sentence` says what happened, `remedy` what to do about it (may be empty)."""

    exit_code = 1

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}".strip()
