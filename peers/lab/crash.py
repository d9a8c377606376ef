"""`kill -9` in the handler, and then again in the handler of the one that took over."""

from statistics import median

from .bench import Bench, Rows
from .worker import Told

ORDERS = 10
# Longer than anybody waits: the handler is in the middle when its process dies.
BODY_MS = 600_000


def crash(bench: Bench) -> Rows:
    orders = [f"crash-{number}" for number in range(ORDERS)]
    victim, heir = bench.worker(), bench.worker()
    victim.call(*orders, body_ms=BODY_MS)
    victim.wait_running(*orders)
    died = victim.kill()
    heir.call(*orders)
    told = heir.wait_told(*orders)
    again = sum(bench.runs()[one.order] == 2 for one in told if one.receipt)
    rows = _rows("crash", told, died)
    rows[f"crash: keys of which the handler ran again, of {ORDERS}"] = str(again)
    # Where keys are wedged, nobody takes over who could be killed.
    taken_over = all(one.receipt for one in told)
    return rows | _rows("crash, twice", *(_twice(bench) if taken_over else ([], 0.0)))


def _twice(bench: Bench) -> tuple[list[Told], float]:
    orders = [f"crash-twice-{number}" for number in range(ORDERS)]
    victim, heir, second = bench.worker(), bench.worker(), bench.worker()
    victim.call(*orders, body_ms=BODY_MS)
    victim.wait_running(*orders)
    victim.kill()
    heir.call(*orders, body_ms=BODY_MS)
    heir.wait_running(*orders)
    died = heir.kill()
    second.call(*orders)
    return second.wait_told(*orders), died


def _rows(name: str, told: list[Told], died: float) -> Rows:
    waits = [one.at - died for one in told if one.receipt]
    wedged = str(sum(one.receipt is None for one in told)) if told else "–"
    times = f"{median(waits):.1f} ({max(waits):.1f})" if waits else "–"
    return {
        f"{name}: keys wedged for 20 s, of {ORDERS}": wedged,
        f"{name}: seconds from the kill to the next one's answer, median (most)": times,
    }
