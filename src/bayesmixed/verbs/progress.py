"""A bar that counts the rows of a long job."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bayesmixed.design.records import FloatArray

LONG_JOB = 2e8
"""So many numbers a job computes before it shows its progress unasked."""

Columns = Callable[[slice], FloatArray]


@contextmanager
def counted(columns: Columns, n_columns: int, n_draws: int, progress: bool | None) -> Iterator[Columns]:
    """Count the quantities that a function computes with a progress bar, where one is wanted.

    Returns: the same function.
    """
    wanted = n_columns * n_draws > LONG_JOB and sys.stderr.isatty() if progress is None else progress
    if not wanted:
        yield columns
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Predicting rows", total=n_columns)

        def counting(rows: slice) -> FloatArray:
            found = columns(rows)
            bar.advance(task, found.shape[1])
            return found

        yield counting
