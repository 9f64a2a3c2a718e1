"""The content of a form: texts of fields, ticked boxes, and which fields are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from banqup_tui.widgets.form.fields import FieldState, FormField, Ticks
from banqup_tui.widgets.form.rows import FocusStop

NotAsked = Callable[[Mapping[str, str]], Iterable[str]]
"""Returns, from the texts of all fields, the names of those that do not matter now."""


def ask_everything(texts: Mapping[str, str]) -> Iterable[str]:
    return ()


class FormContent:
    """Fields and boxes. `shown_after` has fields below a group of boxes, shown while one of them is ticked."""

    def __init__(
        self,
        fields: Iterable[FormField] = (),
        ticks: Iterable[Ticks] = (),
        shown_after: Mapping[str, Sequence[FormField]] | None = None,
        not_asked: NotAsked = ask_everything,
    ) -> None:
        self.fields, self.ticks = tuple(fields), tuple(ticks)
        self._shown_after = {name: tuple(below) for name, below in (shown_after or {}).items()}
        below = (field for fields in self._shown_after.values() for field in fields)
        self.states = {field.name: FieldState(field) for field in (*self.fields, *below)}
        self.ticked = {group.name: {id_ for id_, _label, on in group.boxes if on} for group in self.ticks}
        self._not_asked = not_asked
        self._hidden: frozenset[str] = frozenset()
        self.update_asked()

    def update_asked(self) -> None:
        """Determines which fields are asked, after a change of text."""
        self._hidden = frozenset(self._not_asked({name: state.text.strip() for name, state in self.states.items()}))

    def relabel(self, ticks: Ticks) -> None:
        self.ticks = tuple(ticks if group.name == ticks.name else group for group in self.ticks)

    @property
    def asked(self) -> list[FormField]:
        """The fields that are asked, without those below boxes."""
        return [field for field in self.fields if field.name not in self._hidden]

    def below(self, group: str) -> tuple[FormField, ...]:
        return self._shown_after.get(group, ()) if self.ticked[group] else ()

    def kind(self, name: str) -> str:
        return self.states[name].field.kind

    def takes_text(self, name: str) -> bool:
        return self.kind(name) in ("text", "secret")

    def group(self, name: str) -> Ticks:
        return next(group for group in self.ticks if group.name == name)

    def stops(self) -> Iterator[FocusStop]:
        """Yields where the focus can be, without the buttons."""
        yield from (FocusStop("field", field.name) for field in self.asked)
        for group in self.ticks:
            yield from (FocusStop("box", group.name, id_) for id_, _label, _on in group.boxes)
            yield from (FocusStop("field", field.name) for field in self.below(group.name))

    def own_values(self) -> dict[str, str | None]:
        """Returns the own values; fields that are not asked keep theirs."""
        values: dict[str, str | None] = {}
        for name in (field.name for field in self.fields):
            state = self.states[name]
            for value in state.original_value() if name in self._hidden else state.changes():
                values[name] = value
        return values

    def text_of(self, name: str) -> str:
        return self.states[name].text.strip() if any(field.name == name for field in self._shown_fields()) else ""

    def first_wrong(self) -> str | None:
        """Returns the label of the first field or group that must be corrected."""
        for field in self._shown_fields():
            state = self.states[field.name]
            if state.wrong() is not None or state.is_missing():
                return field.label
        return next((group.label for group in self.ticks if group.required and not self.ticked[group.name]), None)

    def _shown_fields(self) -> Iterator[FormField]:
        yield from self.asked
        for group in self.ticks:
            yield from self.below(group.name)
