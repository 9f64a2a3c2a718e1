"""Every sign is one cell wide, so that columns stay in line, and has a plain form."""

from rich.cells import cell_len

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.presentation import signs
from banqup_tui.presentation.words import use_language


def test_every_sign_takes_one_cell_and_has_a_plain_form() -> None:
    assert signs.UTF8.keys() == signs.ASCII.keys()
    assert all(cell_len(sign) == 1 for sign in signs.UTF8.values())
    assert all(len(sign) == 1 and sign.isascii() for sign in signs.ASCII.values())


def test_every_status_and_state_has_a_sign_of_its_own_and_a_word() -> None:
    assert set(signs.STATUSES) == set(AccountingStatus)
    assert set(signs.STATES) == set(DeliveryState)
    assert len({one.sign for one in signs.STATUSES.values()}) == len(AccountingStatus)


def test_a_status_can_be_read_in_french_short_and_in_full() -> None:
    use_language("fr_BE")
    try:
        queued = signs.STATUSES[AccountingStatus.QUEUED]
        assert (queued.word, queued.full_word) == ("En file", "En file d'attente")
    finally:
        use_language("en")
