"""Labels of axes, and the levels that the rows at hand have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import Design, FloatArray, GroupBlock, IntArray
from bayesmixed.verbs.contract import Fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def sample_note(design: Design) -> str:
    """Words for the rows at hand, e.g. ``"a random sample of 10,000 of 100,000,000 rows"``."""
    held, total = design.n_held, design.n_rows
    return "" if held == total else f"a random sample of {held:,} of {total:,} rows"


def labelled[SomeAxes: (Axes, NDArray[Any])](fit: Fit, axes: SomeAxes) -> SomeAxes:
    """The same axes; where the rows are a random sample, words on them say so."""
    note, panels = sample_note(fit.spec.design), np.ravel(np.asarray(axes, dtype=object))
    if note and len(panels) == 1:
        panels[0].set_xlabel(f"{panels[0].get_xlabel()}\n({note})")
    elif note:
        panels[0].set_title(f"{note}\n", fontsize="small", loc="left")
    return axes


def present_levels(block: GroupBlock) -> tuple[IntArray, tuple[str, ...]]:
    """Codes and labels of the levels that the rows at hand have.

    Returns shape (n,).
    """
    present, codes = np.unique(block.codes, return_inverse=True)
    return codes.astype(np.int64), tuple(block.levels[code] for code in present)


def spread_levels(score: FloatArray, n_panels: int) -> IntArray:
    """Levels from the lowest score to the highest, evenly spaced in rank.

    Shapes: `score` (J,).
    """
    order = np.argsort(score, kind="stable")
    if len(order) <= n_panels:
        return order
    return order[np.linspace(0, len(order) - 1, n_panels).round().astype(np.int64)]
