"""The posterior as a named, dimensioned DataTree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import Design, GroupBlock
from bayesmixed.engines.records import LevelMoments, RawDraws

Variables = dict[str, tuple[tuple[str, ...], Any]]


def coordinates(design: Design) -> dict[str, Any]:
    """Coordinates of every dimension of a posterior but chain and draw.

    Parameters
    ----------
    design : Design
        Supplies terms, levels, effects and row labels.

    Returns
    -------
    dict
        Dimension to labels.
    """
    coords: dict[str, Any] = {names.TERM: list(design.fixed.terms)}
    for block in design.blocks:
        coords[names.level_dim(block.group)] = list(block.levels)
        coords[names.effect_dim(block.group)] = list(block.effects)
        if block.has_correlation:
            coords[names.effect_bis_dim(block.group)] = list(block.effects)
    return coords


def draws_tree(design: Design, raw: RawDraws, attrs: Mapping[str, Any]) -> xr.DataTree:
    """Posterior, sampler statistics, observed and constant data as one tree that ArviZ reads.

    Parameters
    ----------
    design : Design
        The design that was fitted.
    raw : RawDraws
        Draws in the units of the data.
    attrs : Mapping
        Attributes of the root: formula, engine, seed.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior``, ``sample_stats``, where moments are kept ``ranef_moments``, and, where the rows
        are in memory, ``observed_data`` and ``constant_data``.
    """
    chain_draw = (names.CHAIN, names.DRAW)
    sampled: Variables = {
        names.BETA: ((*chain_draw, names.TERM), raw.beta),
        **{name: (chain_draw, values) for name, values in raw.parameters.items()},
    }
    for i, block in enumerate(design.blocks):
        sampled |= _block_variables(block, raw, i)
    n_chains, n_draws = raw.beta.shape[:2]
    axes = {names.CHAIN: np.arange(n_chains), names.DRAW: np.arange(n_draws)}
    groups = {
        "/": xr.Dataset(attrs=dict(attrs)),
        "/posterior": xr.Dataset(sampled, coords={**axes, **coordinates(design)}),
        "/sample_stats": xr.Dataset({k: (chain_draw, v) for k, v in raw.sample_stats.items()}, coords=axes),
    }
    if any(raw.moments):
        groups[f"/{names.RANEF_MOMENTS}"] = _moments(design, raw.moments)
    return xr.DataTree.from_dict(groups if design.sums is not None else groups | _row_groups(design))


def _row_groups(design: Design) -> dict[str, xr.Dataset]:
    """What has one value for each row."""
    row = {names.ROW: np.asarray(design.frame.index)}
    return {
        "/observed_data": xr.Dataset({names.RESPONSE: ((names.ROW,), design.response.values)}, coords=row),
        "/constant_data": xr.Dataset(
            _constant_variables(design), coords={**row, names.TERM: list(design.fixed.terms)}
        ),
    }


def _block_variables(block: GroupBlock, raw: RawDraws, i: int) -> Variables:
    """Variables of one grouping factor."""
    chain_draw = (names.CHAIN, names.DRAW)
    level, effect = names.level_dim(block.group), names.effect_dim(block.group)
    out: Variables = {names.sd(block.group): ((*chain_draw, effect), raw.sd[i])}
    corr = raw.corr[i]
    if corr is not None:
        out[names.corr(block.group)] = ((*chain_draw, effect, names.effect_bis_dim(block.group)), corr)
    ranef = raw.ranef[i]
    if ranef is not None:
        out[names.ranef(block.group)] = ((*chain_draw, level, effect), ranef)
    return out


def _moments(design: Design, moments: Sequence[LevelMoments | None]) -> xr.Dataset:
    """Moments of the random effects of every grouping factor that has them."""
    variables: Variables = {}
    coords: dict[str, Any] = {names.MOMENT: list(names.MOMENTS)}
    for block, kept in zip(design.blocks, moments, strict=True):
        if kept is None:
            continue
        level, effect = names.level_dim(block.group), names.effect_dim(block.group)
        bis = names.effect_bis_dim(block.group)
        variables[names.ranef(block.group)] = ((names.MOMENT, level, effect), kept.ranef)
        variables[names.coef(block.group)] = ((names.MOMENT, level, effect), kept.coef)
        variables[names.covariance(block.group)] = ((level, effect, bis), kept.covariance)
        coords |= {level: list(block.levels), effect: list(block.effects), bis: list(block.effects)}
    return xr.Dataset(variables, coords=coords)


def _constant_variables(design: Design) -> Variables:
    """X, and offset, weights and trials where the model has them."""
    out: Variables = {"X": ((names.ROW, names.TERM), design.fixed.matrix)}
    if design.formula.offsets:
        out["offset"] = ((names.ROW,), design.offset)
    if design.weights is not None:
        out["weights"] = ((names.ROW,), design.weights)
    if design.response.trials is not None:
        out["trials"] = ((names.ROW,), design.response.trials)
    return out
