"""`kill -9` in the handler, and then again in the handler of the one that took over."""

from statistics import median

from .bench import Bench, Rows
from .worker import Told

ORDERS = 10
# Longer than anybody waits: the handler is in the middle when its process dies.
BODY_MS = 600_000


def crash(bench: Bench) -> Rows:
    once = [f"crash-{number}" for number in range(ORDERS)]
    twice = [f"crash-twice-{number}" for number in range(ORDERS)]

    victim, heir, second = bench.worker(), bench.worker(), bench.worker()
    victim.call(*once, body_ms=BODY_MS)
    victim.wait_running(*once)
    died = victim.kill()
    heir.call(*once)
    told = heir.wait_told(*once)
    rows = _rows("crash", told, died)
    answered = [one.order for one in told if one.receipt]
    rows[f"crash: keys of which the handler ran again, of {ORDERS}"] = str(
        sum(bench.runs()[order] == 2 for order in answered)
    )

    victim = bench.worker()
    victim.call(*twice, body_ms=BODY_MS)
    victim.wait_running(*twice)
    victim.kill()
    heir.call(*twice, body_ms=BODY_MS)
    heir.wait_running(*twice)
    died = heir.kill()
    second.call(*twice)
    return rows | _rows("crash, twice", second.wait_told(*twice), died)


def _rows(name: str, told: list[Told], died: float) -> Rows:
    waits = [one.at - died for one in told if one.receipt]
    wedged = sum(one.receipt is None for one in told)
    return {
        f"{name}: keys wedged for 20 s, of {ORDERS}": str(wedged),
        f"{name}: seconds from the kill to the next one's answer, median (most)": (
            f"{median(waits):.1f} ({max(waits):.1f})" if waits else "–"
        ),
    }
