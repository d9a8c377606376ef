"""`SIGSTOP` in the handler until the lease is over and another has completed; then `SIGCONT`."""

from .bench import Bench, Rows

ORDERS = 10
# Long enough that all handlers are in the middle when their process is stopped.
BODY_MS = 1_000


def pause(bench: Bench) -> Rows:
    orders = [f"pause-{number}" for number in range(ORDERS)]
    owner, successor, reader = bench.worker(), bench.worker(), bench.worker()
    owner.call(*orders, body_ms=BODY_MS)
    owner.wait_running(*orders)
    owner.pause()
    successor.call(*orders)
    stored = {one.order: one.receipt for one in successor.wait_told(*orders)}
    owner.wake()
    owners = {one.order: one.receipt for one in owner.wait_told(*orders)}
    reader.call(*orders)
    later = {one.order: one.receipt for one in reader.wait_told(*orders)}
    overwritten = sum(later[order] != stored[order] for order in orders)
    return {
        f"pause: keys that a successor completed, of {ORDERS}": str(
            sum(r is not None for r in stored.values())
        ),
        f"pause: stored results that the woken owner overwrote, of {ORDERS}": str(overwritten),
        f"pause: owner's callers that are told another result than later ones, of {ORDERS}": str(
            sum(owners[order] != later[order] for order in orders)
        ),
    }
