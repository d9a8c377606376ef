"""Calls a second, of all peers in turn."""

from itertools import product
from statistics import median

from .bench import Bench, Rows

CALLERS = [1, 16, 64, 256]
KINDS = ["fresh", "duplicate"]


def speed(benches: dict[str, Bench], rounds: int, seconds: float) -> dict[str, Rows]:
    """Rows for each peer. The peers take turns, so that what disturbs the machine disturbs all."""
    workers = {name: bench.worker() for name, bench in benches.items()}
    found: dict[tuple[str, str, int], list[float]] = {}
    for turn, kind, callers in product(range(rounds), KINDS, CALLERS):
        names = list(workers)
        # Each round another is the first.
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            benches[name].forget()
            found.setdefault((name, kind, callers), []).append(
                workers[name].speed(kind, callers, seconds)
            )
    return {
        name: {
            f"speed: {kind} calls a second, {callers} caller{'s' if callers > 1 else ''}": (
                f"{median(found[name, kind, callers]):.0f}"
            )
            for kind, callers in product(KINDS, CALLERS)
        }
        for name in workers
    }
