"""What a part needs: a peer's workers on the server, and the ledger of what they did."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .server import Server
from .worker import Worker

# Rows of the table: what was measured, and the cell of this peer.
Rows = dict[str, str]


class Bench:
    def __init__(self, command: list[str], server: Server, folder: Path) -> None:
        self._command = command
        self._server = server
        self._folder = folder
        self._workers: list[Worker] = []

    def worker(self) -> Worker:
        worker = Worker(self._command, self._server.url, self._folder)
        self._workers.append(worker)
        return worker

    def forget(self) -> None:
        self._server.forget()

    def runs(self) -> Counter[str]:
        """How often the handler ran, for each order."""
        lines = (self._folder / "ledger").read_text().splitlines()
        return Counter(line.split()[0] for line in lines)

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()


@contextmanager
def bench(command: list[str], server: Server) -> Iterator[Bench]:
    """A bench with an empty server and an empty ledger. Its folder stays when something fails."""
    server.forget()
    folder = Path(tempfile.mkdtemp(prefix="peers-"))
    made = Bench(command, server, folder)
    try:
        yield made
    finally:
        made.close()
    shutil.rmtree(folder)
