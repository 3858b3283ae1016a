"""One BLAS thread while the kernel runs: chains are the parallelism, small factorizations lose by more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@cache
def _controller() -> Any:
    """Handle on the BLAS libraries that are loaded; finding them takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Limit BLAS to one thread inside the block.

    Use it around everything that evaluates the kernel.
    """
    with _controller().limit(limits=1, user_api="blas"):
        yield
