"""Ctrl-C at every moment: the program ``bayesmixed`` answers it by a word and code 130.

It stands beside the package and loads nothing but signals, since the package's imports take the first half
second of every run.
"""

from __future__ import annotations

import _thread
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer, current_thread, main_thread
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


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """Answer Ctrl-C afterwards: a library that it tears while it loads does not load again in the process."""
    before = signal.getsignal(signal.SIGINT)
    if current_thread() is not main_thread() or not callable(before):
        yield
        return
    pressed: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if pressed:
            before(pressed[0], None)


def end_at_ctrl_c() -> None:
    """Let Ctrl-C end ``python -m bayesmixed``, which loads the package before `run` can answer."""
    is_program = sys.orig_argv[-len(sys.argv)] == "bayesmixed"
    if is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def run() -> int:
    """Run the command line of this process."""
    interrupts = _Interrupts()
    if signal.getsignal(signal.SIGINT) not in (signal.default_int_handler, signal.SIG_DFL):
        return _main()  # nohup, or the user's own
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
