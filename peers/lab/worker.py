"""A peer's worker process: lines to it, and lines from it with the times at which they came."""

import signal
import time
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from threading import Condition, Thread

from .child import start


@dataclass(frozen=True)
class Told:
    """How a call ended: `receipt` is `None` for a caller that gave up."""

    order: str
    receipt: str | None
    asks: int
    faults: int
    at: float


class Worker:
    def __init__(self, command: list[str], url: str, folder: Path) -> None:
        self._changed = Condition()
        self._running: set[str] = set()
        self._told: dict[str, list[Told]] = {}
        self._calls: tuple[int, int] | None = None
        self._is_ready = False
        self._is_over = False
        self._log = open(folder / "log", "a")
        self._process = start(
            [*command, url, str(folder)], stdin=PIPE, stdout=PIPE, stderr=self._log
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self._wait(lambda: self._is_ready, 60, "is not ready")

    def call(self, *orders: str, body_ms: int = 0) -> None:
        """Starts a call for each order, all at once."""
        self._write("".join(f"call {order} {body_ms}\n" for order in orders))

    def wait_running(self, *orders: str) -> None:
        """Waits until the handler runs for each of the orders."""
        self._wait(lambda: self._running.issuperset(orders), 60, "does not run the handler")

    def wait_told(self, *orders: str) -> list[Told]:
        """Waits until as many calls of each order have ended as it is named; returns them all."""
        self._wait(
            lambda: all(len(self._told.get(o, [])) >= orders.count(o) for o in set(orders)),
            120,
            "does not answer",
        )
        return [told for order in set(orders) for told in self._told[order]]

    def speed(self, kind: str, callers: int, seconds: float) -> float:
        """Calls a second."""
        self._calls = None
        self._write(f"speed {kind} {callers} {round(seconds * 1000)}\n")
        self._wait(lambda: self._calls is not None, 60 + seconds, "does not count")
        calls, took_ms = self._calls or (0, 1)
        return calls * 1000 / took_ms

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> float:
        """Kills it, and returns when it was gone."""
        self._process.kill()
        self._process.wait()
        gone = time.monotonic()
        self._reader.join()
        self._log.close()
        return gone

    def _write(self, lines: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(lines)
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            at = time.monotonic()
            with self._changed:
                match line.split():
                    case ["ready"]:
                        self._is_ready = True
                    case ["running", order]:
                        self._running.add(order)
                    case ["told", order, receipt, asks, faults]:
                        self._note(Told(order, receipt, int(asks), int(faults), at))
                    case ["lost", order, asks, faults]:
                        self._note(Told(order, None, int(asks), int(faults), at))
                    case ["calls", calls, ms]:
                        self._calls = int(calls), int(ms)
                    case _:
                        raise RuntimeError(f"an unknown line: {line}")
                self._changed.notify_all()
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _note(self, told: Told) -> None:
        self._told.setdefault(told.order, []).append(told)

    def _wait(self, condition, seconds: float, complaint: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: condition() or self._is_over, seconds)
            if not condition():
                raise RuntimeError(f"the worker {complaint}; its log is {self._log.name}")
