"""Duplicates at once, in several processes."""

from .bench import Bench, Rows

PROCESSES = 4
ORDERS = 25
DUPLICATES = 8
BODY_MS = 300


def storm(bench: Bench) -> Rows:
    orders = [f"storm-{number}" for number in range(ORDERS)]
    calls = orders * DUPLICATES
    workers = [bench.worker() for _ in range(PROCESSES)]
    for worker in workers:
        worker.call(*calls, body_ms=BODY_MS)
    told = [told for worker in workers for told in worker.wait_told(*calls)]
    runs = bench.runs()
    receipts: dict[str, set[str]] = {order: set() for order in orders}
    for one in told:
        if one.receipt:
            receipts[one.order].add(one.receipt)
    differ = sum(len(different) > 1 for different in receipts.values())
    lost = sum(one.receipt is None for one in told)
    late = workers[0]
    late.call(*orders)
    late.wait_told(*calls, *orders)
    again = bench.runs().total() - runs.total()
    return {
        "storm: runs of a key, mean (most)": f"{runs.total() / ORDERS:.2f} ({max(runs.values())})",
        f"storm: keys whose callers got different results, of {ORDERS}": str(differ),
        f"storm: keys that a later duplicate ran again, of {ORDERS}": str(again),
        f"storm: callers without an answer, of {len(told)}": str(lost),
        "storm: times that a caller asked, mean": f"{sum(one.asks for one in told) / len(told):.1f}",
        "storm: answers that were an error, not «in flight»": str(sum(one.faults for one in told)),
    }
