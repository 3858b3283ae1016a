"""One BLAS thread while the kernel runs: chains are the parallelism, small factorizations lose by more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any


@cache
def _controller() -> Any:
    """Handle on the BLAS libraries that are loaded; finding them takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class _SharedLimit:
    """The limit that blocks share, nested or in several threads: the first sets it, the last lifts it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.inside: set[object] = set()
        self.limiter: Any = None

    def begin(self, block: object) -> None:
        """Limit BLAS unless another block has."""
        with self.lock:
            if not self.inside:
                self.limiter = _controller().limit(limits=1, user_api="blas")
            self.inside.add(block)

    def end(self, block: object) -> None:
        """Give BLAS its threads back unless another block is left."""
        with self.lock:
            self.inside.discard(block)
            if not self.inside and self.limiter is not None:
                self.limiter.restore_original_limits()
                self.limiter = None


_limit = _SharedLimit()


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Limit BLAS to one thread inside the block.

    Use it around everything that evaluates the kernel. Blocks may overlap.
    """
    block = object()
    try:
        _limit.begin(block)
        yield
    finally:
        _limit.end(block)
