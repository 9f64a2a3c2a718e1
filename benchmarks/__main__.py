"""`python -m benchmarks`: measures, and says what is over its limit. Exit code 1 if anything is.

`--keep` measures the firms of the last run, `--only sync|start|frame|keys|neighbour|uploads|imports` a part.
"""

import argparse
import sys
from collections.abc import Iterator

from benchmarks import measures
from benchmarks.imports import imports
from benchmarks.measures import Figure
from benchmarks.neighbour import beside_a_broken_one
from benchmarks.places import firm, runtime_python
from benchmarks.uploads import uploads

LARGE, SMALL = 100_000, 1_000
PARTS = ("sync", "start", "frame", "keys", "neighbour", "uploads", "imports")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures the program.")
    parser.add_argument("--keep", action="store_true", help="the firms of the last run")
    parser.add_argument("--only", choices=PARTS, help="a part")
    arguments = parser.parse_args()
    parts = (arguments.only,) if arguments.only else PARTS
    over = 0
    print(f"{'':52} {'median':>9} {'min–max':>17}  beside")
    for figure in _figures(parts, keep=arguments.keep):
        print(_line(figure), flush=True)
        over += figure.is_good is False
    return 1 if over else 0


def _figures(parts: tuple[str, ...], *, keep: bool) -> Iterator[Figure]:
    python = runtime_python()
    if "uploads" in parts:
        yield from uploads(python)
    if "neighbour" in parts:
        yield from beside_a_broken_one(python)
    if "imports" in parts:
        yield from imports(python)
    if set(parts) <= {"neighbour", "uploads", "imports"}:
        return
    with firm(python, LARGE, keep=keep) as large, firm(python, SMALL, keep=keep) as small:
        if "sync" in parts:
            yield from measures.first_sync(large)
        if "start" in parts:
            yield from measures.backend_answers(large)
        large.sync()
        small.sync()
        if "frame" in parts:
            yield from measures.first_frame(large)
        if "keys" in parts:
            yield from measures.in_the_table(large, small)
            yield from measures.in_the_table(large, small, "256")


def _line(figure: Figure) -> str:
    values = f"{_number(min(figure.values))}–{_number(max(figure.values))}"
    parts = [f"{figure.name:52} {_number(figure.median):>9} {values:>17}  {figure.unit}"]
    if figure.ratio is not None:
        beside = f"{_number(min(figure.beside))}–{_number(max(figure.beside))}"
        parts.append(f"{figure.yardstick} {beside}, {figure.ratio:.2f} times")
    if figure.limit is not None:
        limit = f"{figure.limit:g} times" if figure.of_ratio else _number(figure.limit)
        parts.append(f"limit {limit}: {'good' if figure.is_good else 'OVER'}")
    return "; ".join(parts)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main())
