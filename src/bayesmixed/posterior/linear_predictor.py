"""The linear predictor of every row, draw by draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.encode import own_rows
from bayesmixed.design.records import Design, EncodedData, FloatArray, GroupBlock, IntArray
from bayesmixed.posterior.kept import ranef_draws

Effects = Literal["all", "fixed"]
NewEffects = Callable[[GroupBlock, Sequence[str]], FloatArray]
"""Draws of the effects of new levels, shape (chain, draw, level, effect), from a block and their labels."""

CHUNK_VALUES = 2_000_000


def linear_predictor(
    posterior: xr.Dataset,
    design: Design,
    *,
    effects: Effects = "all",
    rows: slice | None = None,
    data: EncodedData | None = None,
    new_effects: NewEffects | None = None,
) -> xr.DataArray:
    """Linear predictor X b + offset + Z u of the rows used or of new ones, for every draw.

    Draws are taken in chunks: beside the result, memory is bounded whatever the number of rows and effects.
    """
    rows = slice(None) if rows is None else rows
    data = own_rows(design) if data is None else data
    beta = posterior[names.BETA].transpose(names.CHAIN, names.DRAW, names.TERM)
    labels = np.asarray(data.frame.index)[rows]
    out = np.empty((*beta.shape[:2], len(labels)))
    X, offset = data.fixed[rows], data.offset[rows]
    for at in draw_chunks(*out.shape):
        np.matmul(beta.values[at], X.T, out=out[at])
        out[at] += offset
    if effects == "all":
        _add_random_effects(out, posterior, design, data, rows, new_effects)
    coords = {names.CHAIN: beta[names.CHAIN], names.DRAW: beta[names.DRAW], names.ROW: labels}
    return xr.DataArray(out, coords=coords, dims=(names.CHAIN, names.DRAW, names.ROW))


def draw_chunks(chains: int, draws: int, values: int) -> Iterator[tuple[int, slice]]:
    """Chain and range of draws of consecutive pieces of bounded size.

    Returns shape (chain, draw, ...).
    """
    step = max(1, CHUNK_VALUES // max(1, values))
    for chain in range(chains):
        for start in range(0, draws, step):
            yield chain, slice(start, min(start + step, draws))


def _add_random_effects(
    out: NDArray[np.float64],
    posterior: xr.Dataset,
    design: Design,
    data: EncodedData,
    rows: slice,
    new_effects: NewEffects | None,
) -> None:
    """Add Z u in place."""
    for i, block in enumerate(design.blocks):
        codes, columns = data.codes[i][rows], data.columns[i][rows]
        ranef, codes = _effects_of_levels(posterior, block, codes)
        if np.any(codes < 0):
            ranef, codes = _with_new_levels(ranef, codes, block, data.new_levels[i], new_effects)
        for at in draw_chunks(*out.shape):
            for k in range(block.n_effects):
                effect = ranef[at][:, codes, k]
                effect *= columns[:, k]
                out[at] += effect


def _effects_of_levels(
    posterior: xr.Dataset, block: GroupBlock, codes: IntArray
) -> tuple[FloatArray, IntArray]:
    """Draws of the effects of a factor's levels, with codes that count those of which the posterior has any.

    Draws of levels are not needed when all levels are new.
    """
    if np.all(codes < 0):
        sizes = posterior.sizes
        return np.empty((sizes[names.CHAIN], sizes[names.DRAW], 0, block.n_effects)), codes
    ranef = ranef_draws(posterior, block.group)
    if ranef.sizes[names.level_dim(block.group)] == block.n_levels:
        return ranef.values, codes
    held = pd.Index(ranef[names.level_dim(block.group)].values).get_indexer(pd.Index(block.levels))
    return ranef.values, np.where(codes < 0, codes, held[codes])


def _with_new_levels(
    ranef: FloatArray,
    codes: IntArray,
    block: GroupBlock,
    labels: Sequence[str],
    new_effects: NewEffects | None,
) -> tuple[FloatArray, IntArray]:
    """Effects of the levels that the codes name, the new ones among them, with the codes that count these."""
    present, places = np.unique(codes, return_inverse=True)
    new = [labels[-1 - code] for code in present[present < 0]]
    shape = (*ranef.shape[:2], len(new), block.n_effects)
    made = np.zeros(shape) if new_effects is None else new_effects(block, new)
    return np.concatenate([made, ranef[:, :, present[present >= 0]]], axis=2), places.astype(np.int64)
