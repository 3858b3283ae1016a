"""Plots of rows, made of a random sample of them where the rows are not in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.design.records import Design, GroupBlock, IntArray
from bayesmixed.plots.contract import PlottedFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def sample_note(design: Design) -> str:
    """Words for the rows at hand, e.g. ``"a random sample of 10,000 of 100,000,000 rows"``."""
    held, total = design.n_held, design.n_rows
    return "" if held == total else f"a random sample of {held:,} of {total:,} rows"


def labelled[SomeAxes: (Axes, NDArray[Any])](fit: PlottedFit, axes: SomeAxes) -> SomeAxes:
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
