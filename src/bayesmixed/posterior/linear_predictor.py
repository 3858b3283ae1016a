"""The linear predictor of every row, draw by draw, with effects that a fit keeps or that are new."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.encode import own_rows
from bayesmixed.design.meeting import refuse_unrelated
from bayesmixed.design.records import Design, EncodedData, FloatArray, GroupBlock, IntArray
from bayesmixed.errors import BayesmixedError
from bayesmixed.posterior.log_prior import centred_scales

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
    parameter: str = names.MU,
) -> xr.DataArray:
    """Linear predictor X b + offset + Z u of the rows used or of new ones, for every draw.

    Smooths belong to the fixed part.

    Draws are taken in chunks: beside the result, memory is bounded whatever the number of rows and effects.
    """
    rows = slice(None) if rows is None else rows
    data = own_rows(design) if data is None else data
    predictor = design.predictors[parameter]
    data = data if parameter == names.MU else data.others[parameter]
    beta = posterior[names.beta(parameter)].transpose(names.CHAIN, names.DRAW, names.term_dim(parameter))
    labels = np.asarray(data.frame.index)[rows]
    out = np.empty((*beta.shape[:2], len(labels)))
    X, offset = data.fixed[rows], data.offset[rows]
    for at in draw_chunks(*out.shape):
        np.matmul(beta.values[at], X.T, out=out[at])
        out[at] += offset
    _add_random_effects(
        out, posterior, predictor.blocks, data, rows, new_effects, only_smooths=effects != "all"
    )
    coords = {names.CHAIN: beta[names.CHAIN], names.DRAW: beta[names.DRAW], names.ROW: labels}
    return xr.DataArray(out, coords=coords, dims=(names.CHAIN, names.DRAW, names.ROW))


def draw_chunks(chains: int, draws: int, values: int) -> Iterator[tuple[int, slice]]:
    """Chain and range of draws of consecutive pieces of bounded size, shape (chain, draw, ...)."""
    step = max(1, CHUNK_VALUES // max(1, values))
    for chain in range(chains):
        for start in range(0, draws, step):
            yield chain, slice(start, min(start + step, draws))


def _add_random_effects(
    out: NDArray[np.float64],
    posterior: xr.Dataset,
    blocks: Sequence[GroupBlock],
    data: EncodedData,
    rows: slice,
    new_effects: NewEffects | None,
    *,
    only_smooths: bool,
) -> None:
    """Add Z u in place."""
    for i, block in enumerate(blocks):
        if only_smooths and not block.is_smooth:
            continue
        meeting, columns = data.meetings[i].of_rows(rows), data.columns[i][rows]
        ranef, codes = _effects_of_levels(posterior, block, meeting.codes)
        if np.any(codes < 0):
            ranef, codes = _with_new_levels(ranef, codes, block, data.new_levels[i], new_effects)
        for m in range(codes.shape[1]):
            weighted = columns if meeting.weights is None else columns * meeting.weights[:, m, None]
            for at in draw_chunks(*out.shape):
                for k in range(block.n_effects):
                    effect = ranef[at][:, codes[:, m], k]
                    effect *= weighted[:, k]
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
    ranef = ranef_draws(posterior, block)
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


def ranef_draws(posterior: xr.Dataset, block: GroupBlock) -> xr.DataArray:
    """Draws of the random effects of one grouping factor."""
    if names.ranef(block.name) not in posterior:
        raise BayesmixedError(ranef_refusal(block.group))
    dims = (names.CHAIN, names.DRAW, names.level_dim(block.group), names.effect_dim(block.name))
    return posterior[names.ranef(block.name)].transpose(*dims)


def ranef_refusal(group: str) -> str:
    """Message where draws of random effects are not kept."""
    return (
        f"This needs draws of the random effects of {group}, and the fit keeps their moments only "
        "(keep_ranef='moments'). Take fit.with_ranef_draws(), which makes the draws again, or fit with "
        "keep_ranef='draws'."
    )


def keeps_moments(draws: xr.DataTree) -> bool:
    """Whether a fit keeps moments and quantiles of its random effects in place of draws."""
    return names.RANEF_MOMENTS in draws.children


def level_moments(draws: xr.DataTree, variable: str) -> FloatArray:
    """Kept moments of the random effects, or coefficients, of one grouping factor, shape (M, J, k)."""
    return np.asarray(draws[names.RANEF_MOMENTS][variable].values, dtype=np.float64)


def posterior_means(draws: xr.DataTree, groups: Iterable[str], parameters: Iterable[str]) -> xr.Dataset:
    """Posterior means, laid out as one chain of one draw."""
    posterior, mean = draws["posterior"].to_dataset(), {names.MOMENT: names.MOMENTS[0]}
    effects = [names.ranef(group) for group in groups]
    drawn = [name for name in effects if name in posterior]
    means = posterior[[*parameters, *drawn]].mean([names.CHAIN, names.DRAW])
    for name in set(effects) - set(drawn):
        means[name] = draws[names.RANEF_MOMENTS][name].sel(mean, drop=True)
    return means.expand_dims([names.CHAIN, names.DRAW])


LEVEL_STREAM = 1
"""Keeps the random numbers of levels apart from those of rows."""


def new_level_effects(posterior: xr.Dataset, design: Design, seed: int) -> NewEffects:
    """Sampler of the effects of new levels, one draw from N(0, S) for each level and posterior draw.

    Where levels are related, those of the fit are drawn anew together; nothing is known of others, which are
    refused.

    Returns shape (chain, draw, level, effect).

    A level's random numbers come from the seed, the place of its grouping factor in the formula and its label
    alone: neither the order of rows, nor the other levels, nor the name of the factor change them.
    """
    sides = {
        names.MU: design.formula.random,
        **{each.parameter: each.random for each in design.formula.others},
    }
    places = {
        (parameter, key): names.of_predictor(parameter, str(place))
        for parameter, random in sides.items()
        for place, key in enumerate(dict.fromkeys(bar.group.key for bar in random))
    }
    roots = {block.name: covariance_roots(posterior, block) for block in design.all_blocks}

    def effects(block: GroupBlock, labels: Sequence[str]) -> FloatArray:
        root, place = roots[block.name], places.get((block.parameter, block.group_key), block.name)
        if not set(labels) <= set(block.levels):
            refuse_unrelated(block.group, block.root)
        drawn = labels if block.root is None else block.levels
        out = np.empty((*root.shape[:2], len(drawn), block.n_effects))
        for j, label in enumerate(drawn):
            rng = np.random.default_rng([seed, LEVEL_STREAM, _digest(place, label)])
            noise = rng.standard_normal((*root.shape[:2], block.n_effects, 1))
            out[:, :, j] = np.matmul(root, noise)[..., 0]
        if block.root is None:
            return out
        return np.asarray((block.root @ out)[:, :, [block.levels.index(label) for label in labels]])

    return effects


def covariance_roots(posterior: xr.Dataset, block: GroupBlock) -> FloatArray:
    """Square roots R of the covariance matrices of a grouping factor's effects, R R' = S.

    Returns shape (chain, draw, k, k).
    """
    sd, corr = centred_scales(posterior, block)
    if not block.has_correlation:
        return np.asarray(sd[..., None] * corr)
    values, vectors = np.linalg.eigh(corr)
    centred = sd[..., None] * vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    return np.asarray(block.centring @ centred)


def _digest(place: str, label: str) -> int:
    """Number that stands for a level in every process."""
    return int.from_bytes(hashlib.blake2b(f"{place}:{label}".encode(), digest_size=8).digest(), "little")
