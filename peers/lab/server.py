"""One private server, on a free loopback port, gone with this process."""

import socket
import time
from pathlib import Path

from .child import start


class Server:
    def __init__(self, program: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "save": "",
            "dir": folder,
            "logfile": folder / "log",
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
        self._process = start([program, *options])
        self.url = f"redis://127.0.0.1:{self.port}"
        self._wait()

    def forget(self) -> None:
        """Deletes all keys."""
        self._ask("FLUSHALL")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _wait(self) -> None:
        end = time.monotonic() + 10
        while True:
            try:
                return self._ask("PING")
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def _ask(self, command: str) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as server:
            server.sendall(f"{command}\r\n".encode())
            answer = server.recv(100)
        if not answer.startswith(b"+"):
            raise RuntimeError(f"{command}: {answer!r}")
