"""The program ``bayesmixed``: the command line, with Ctrl-C answered at every moment by a word and code 130.

It stands beside the package and loads nothing but signals, since the package's imports take the first half
second of every run.
"""

from __future__ import annotations

import _thread
import signal
import sys
from threading import Timer
from types import FrameType
from typing import Any

INTERRUPTED = 130


class _Interrupts:
    """Whether Ctrl-C was pressed: libraries may turn the KeyboardInterrupt into another error."""

    def __init__(self) -> None:
        self.pressed = False
        self.hook = sys.unraisablehook

    def press(self, _signal: int, _frame: FrameType | None) -> None:
        """Answer the signal."""
        self.pressed = True
        raise KeyboardInterrupt

    def again(self, unraisable: Any) -> None:
        """Press once more where Python could only print the interrupt, as in a destructor."""
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            Timer(0.01, _thread.interrupt_main).start()  # the answer would be lost in here too
        else:
            self.hook(unraisable)


def run() -> int:
    """Run the command line of this process."""
    interrupts = _Interrupts()
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # nohup, or somebody's own
        return _main()
    signal.signal(signal.SIGINT, interrupts.press)
    sys.unraisablehook = interrupts.again
    try:
        code = _main()
    except BaseException:
        if not interrupts.pressed:
            raise
        code = INTERRUPTED
    finally:
        # Nothing is left to be stopped, and Python would answer with a traceback while it shuts down.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return INTERRUPTED if interrupts.pressed else code


def _main() -> int:
    """Import and run the command line."""
    from bayesmixed.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
