"""The benchmarks are run by hand only: here at least each of them can be read with the program as it is."""

import importlib
import pkgutil

import benchmarks


def test_every_benchmark_can_be_imported() -> None:
    names = [f"benchmarks.{found.name}" for found in pkgutil.iter_modules(benchmarks.__path__)]
    assert len(names) > 8
    for name in names:
        if not name.endswith("__main__"):
            importlib.import_module(name)
