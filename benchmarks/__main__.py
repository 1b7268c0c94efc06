"""Run benchmarks and print a line of JSON for each: python -m benchmarks [--list] [NAME ...]."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module

from benchmarks.measure import Line

BENCHMARKS = {
    "read": "benchmarks.reading",
    "tick": "benchmarks.ticking",
    "commit": "benchmarks.booking",
    "start": "benchmarks.starting",
    "step": "benchmarks.stepping",
    "memory": "benchmarks.memory",
    "options": "benchmarks.pricing",
}
"""Each module's `lines()` yields its lines as they are ready."""


def main() -> int:
    """0 when all ran, whether they met their targets or not; 1 when one is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the benchmarks and end")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run; all by default")
    args = parser.parse_args()
    if args.list:
        print("\n".join(BENCHMARKS))
        return 0
    if unknown := [name for name in args.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return max([_run(name) for name in args.names or BENCHMARKS])


def _run(name: str) -> int:
    try:
        lines: Callable[[], Iterator[Line]] = import_module(BENCHMARKS[name]).lines
        for line in lines():
            print(line.json(), flush=True)
    except Exception:
        traceback.print_exc()
        print(f"benchmark {name} is broken", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
