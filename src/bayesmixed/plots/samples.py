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
    """Words for the rows at hand, e.g. ``"a random sample of 10,000 of 100,000,000 rows"``.

    Parameters
    ----------
    design : Design
        With rows, or with a random sample of them.

    Returns
    -------
    str
        Empty when all rows are at hand.
    """
    held, total = design.n_held, design.n_rows
    return "" if held == total else f"a random sample of {held:,} of {total:,} rows"


def labelled[SomeAxes: (Axes, NDArray[Any])](fit: PlottedFit, axes: SomeAxes) -> SomeAxes:
    """The same axes; where the rows are a random sample, words on them say so.

    Parameters
    ----------
    fit : PlottedFit
        What was drawn, with rows at hand.
    axes : Axes or NDArray
        One, with the words below the name of its horizontal axis; or several, with the words above the first.

    Returns
    -------
    Axes or NDArray
        As given.
    """
    note, panels = sample_note(fit.spec.design), np.ravel(np.asarray(axes, dtype=object))
    if note and len(panels) == 1:
        panels[0].set_xlabel(f"{panels[0].get_xlabel()}\n({note})")
    elif note:
        panels[0].set_title(f"{note}\n", fontsize="small", loc="left")
    return axes


def present_levels(block: GroupBlock) -> tuple[IntArray, tuple[str, ...]]:
    """Codes and labels of the levels that the rows at hand have.

    Parameters
    ----------
    block : GroupBlock
        With rows, or with a random sample of them, in which levels may be absent.

    Returns
    -------
    codes : IntArray
        Shape (n,), from 0 without gaps.
    levels : tuple[str, ...]
        Their labels, in the order of the design.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> spec = bm.specify("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    >>> codes, levels = present_levels(spec.design.blocks[0])
    >>> codes.max() + 1, levels
    (np.int64(6), ('A', 'B', 'C', 'D', 'E', 'F'))
    """
    present, codes = np.unique(block.codes, return_inverse=True)
    return codes.astype(np.int64), tuple(block.levels[code] for code in present)
