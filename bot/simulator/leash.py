"""Processes that must not outlive whoever started them, killed test runs included."""

import shutil
import signal


def leash(sign: signal.Signals) -> list[str]:
    """The words before a command that is to get `sign` when the thread that starts it ends; [] where none can do it."""
    return ["setpriv", "--pdeathsig", sign.name.removeprefix("SIG")] if shutil.which("setpriv") else []
