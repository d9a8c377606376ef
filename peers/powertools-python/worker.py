"""Powertools for AWS Lambda (Python): a handler under `@idempotent`, with the cache layer.

`README.md`, one folder up, has the lines of standard input. A caller is a thread.
"""

import itertools
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import redis
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyAlreadyInProgressError
from aws_lambda_powertools.utilities.idempotency.persistence.cache import CachePersistenceLayer

LEASE_MS = 2_000
AGAIN = 0.05
PATIENCE = 20.0

url, folder = sys.argv[1:]
ledger = os.open(Path(folder, "ledger"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
receipts = itertools.count()
orders = itertools.count()


@dataclass
class Context:
    """What Lambda tells a handler: the claim lasts for as long as the invocation may."""

    function_name: str = "charge"
    memory_limit_in_mb: int = 128
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:charge"
    aws_request_id: str = "peers"

    def get_remaining_time_in_millis(self) -> int:
        return LEASE_MS


# A connection for each caller: the client's own limit would fail calls of the storm.
client = redis.Redis.from_url(url, decode_responses=True, max_connections=1_000)
persistence = CachePersistenceLayer(client=client)
config = IdempotencyConfig(event_key_jmespath="order", expires_after_seconds=24 * 60 * 60)


@idempotent(persistence_store=persistence, config=config)
def charge(event: dict, context: Context) -> str:
    receipt = f"{os.getpid()}-{next(receipts)}"
    if event["body"] is not None:
        os.write(ledger, f"{event['order']} {receipt}\n".encode())
        say(f"running {event['order']}")
        time.sleep(event["body"])
    return receipt


def ask(order: str, body: float) -> None:
    """Asks until there is an answer."""
    begun = time.monotonic()
    asks = faults = 0
    while True:
        asks += 1
        try:
            return say(
                f"told {order} {charge({'order': order, 'body': body}, Context())} {asks} {faults}"
            )
        except IdempotencyAlreadyInProgressError:
            pass
        except Exception as error:
            faults += 1
            print(f"{order}: {error!r}", file=sys.stderr)
        if time.monotonic() - begun > PATIENCE:
            return say(f"lost {order} {asks} {faults}")
        time.sleep(AGAIN)


def measure(kind: str, callers: int, seconds: float) -> None:
    """Counts the calls of callers that call one after the other."""
    counts = [0] * callers

    def call(order: str) -> None:
        charge({"order": order, "body": None}, Context())

    def fresh() -> str:
        return f"speed-{next(orders)}"

    repeated = [fresh() for _ in range(callers)] if kind == "duplicate" else []
    for order in repeated:
        call(order)

    def caller(index: int) -> None:
        while time.monotonic() < end:
            call(repeated[index] if repeated else fresh())
            counts[index] += 1

    threads = [Thread(target=caller, args=(index,)) for index in range(callers)]
    begun = time.monotonic()
    end = begun + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(f"calls {sum(counts)} {round((time.monotonic() - begun) * 1000)}")


def say(line: str) -> None:
    # One write a line, which no other thread's can split.
    os.write(1, f"{line}\n".encode())


say("ready")
for line in sys.stdin:
    match line.split():
        case ["call", order, body]:
            Thread(target=ask, args=(order, int(body) / 1000), daemon=True).start()
        case ["speed", kind, callers, time_ms]:
            measure(kind, int(callers), int(time_ms) / 1000)
        case _:
            raise SystemExit(f"no such line: {line}")
