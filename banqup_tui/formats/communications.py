"""What bank formats have in common: Belgian structured communications in free texts."""

from __future__ import annotations

from banqup_tui.domain.identifiers import check_communication


def settled_communications(structured: str, free: str) -> tuple[str, str]:
    """The structured and the free communication of a movement.

    A Belgian structured one is reduced to its twelve digits; one that was put into the free text, between
    `+++` or `***`, is taken out of it.
    """
    if structured:
        belgian = check_communication(structured)
        return (belgian.digits if belgian else structured), free
    if free[:3] in ("+++", "***"):
        belgian = check_communication(free)
        if belgian is not None:
            return belgian.digits, ""
    return "", free
