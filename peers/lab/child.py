"""Processes that don't outlive this one."""

import subprocess
from typing import Any


def start(command: list[str], **streams: Any) -> subprocess.Popen[str]:
    """Starts a program, which the kernel ends when this process is gone, however it went."""
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], text=True, **streams)
