"""Many items, some at a time: none is lost, none comes twice."""

from hypothesis import given
from hypothesis import strategies as st

from banqup_tui.domain.batches import in_batches


@given(st.lists(st.integers()), st.integers(min_value=1, max_value=7))
def test_all_items_come_in_order_and_no_batch_is_larger_than_wanted(items: list[int], size: int) -> None:
    batches = list(in_batches(iter(items), size))
    assert [one for batch in batches for one in batch] == items
    assert all(1 <= len(batch) <= size for batch in batches)
    assert all(len(batch) == size for batch in batches[:-1])
