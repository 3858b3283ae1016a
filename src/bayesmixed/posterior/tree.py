"""The posterior as a named, dimensioned DataTree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import Design, GroupBlock
from bayesmixed.engines.records import LevelMoments, RawDraws, RawPredictor

Dims = tuple[str, ...]
Variables = dict[str, tuple[Dims, Any]]
CHAIN_DRAW = (names.CHAIN, names.DRAW)


def coordinates(design: Design) -> dict[str, Any]:
    """Coordinates of every dimension of a posterior but chain and draw."""
    coords: dict[str, Any] = {
        names.term_dim(name): list(each.fixed.terms) for name, each in design.predictors.items()
    }
    for block in design.all_blocks:
        coords[names.level_dim(block.group)] = list(block.levels)
        coords[names.effect_dim(block.name)] = list(block.effects)
        if block.has_correlation:
            coords[names.effect_bis_dim(block.name)] = list(block.effects)
    return coords | {dim: list(labels) for dim, labels in design.residual.correlation.coords.items()}


def posterior_dims(design: Design, parameters: Iterable[str]) -> dict[str, Dims]:
    """Dimensions of every variable of a posterior that keeps all draws."""
    serial = design.residual.correlation
    own = {name: tuple(serial.coords) if name == serial.label else () for name in parameters}
    dims: dict[str, Dims] = {
        names.BETA: (*CHAIN_DRAW, names.TERM),
        **{name: (*CHAIN_DRAW, *inner) for name, inner in own.items()},
        **{
            names.beta(each.parameter): (*CHAIN_DRAW, names.term_dim(each.parameter))
            for each in design.others
        },
    }
    for block in design.all_blocks:
        level, effect = names.level_dim(block.group), names.effect_dim(block.name)
        dims[names.sd(block.name)] = (*CHAIN_DRAW, effect)
        if block.has_correlation:
            dims[names.corr(block.name)] = (*CHAIN_DRAW, effect, names.effect_bis_dim(block.name))
        dims[names.ranef(block.name)] = (*CHAIN_DRAW, level, effect)
    return dims


def moment_dims(blocks: Iterable[GroupBlock]) -> dict[str, Dims]:
    """Dimensions of the moments that are kept of the random effects of some grouping factors."""
    dims: dict[str, Dims] = {}
    for block in blocks:
        level, effect = names.level_dim(block.group), names.effect_dim(block.group)
        dims[names.ranef(block.group)] = (names.MOMENT, level, effect)
        dims[names.coef(block.group)] = (names.MOMENT, level, effect)
        dims[names.covariance(block.group)] = (level, effect, names.effect_bis_dim(block.group))
    return dims


def draws_tree(design: Design, raw: RawDraws, attrs: Mapping[str, Any]) -> xr.DataTree:
    """Posterior, sampler statistics, observed and constant data as one tree that ArviZ reads.

    Where moments are kept it has the group ``ranef_moments``; where the rows are not in memory it does not
    have ``observed_data`` and ``constant_data``.
    """
    dims = posterior_dims(design, raw.parameters)
    values = {names.BETA: raw.beta, **raw.parameters, **_effect_values(design.blocks, raw)}
    for each in design.others:
        own = raw.others[each.parameter]
        values |= {names.beta(each.parameter): own.beta, **_effect_values(each.blocks, own)}
    sampled = {name: (dims[name], drawn) for name, drawn in values.items()}
    n_chains, n_draws = raw.beta.shape[:2]
    axes = {names.CHAIN: np.arange(n_chains), names.DRAW: np.arange(n_draws)}
    groups = {
        "/": xr.Dataset(attrs=dict(attrs)),
        "/posterior": xr.Dataset(sampled, coords={**axes, **coordinates(design)}),
        "/sample_stats": xr.Dataset({k: (CHAIN_DRAW, v) for k, v in raw.sample_stats.items()}, coords=axes),
    }
    if any(raw.moments):
        groups[f"/{names.RANEF_MOMENTS}"] = _moments(design, raw.moments)
    return xr.DataTree.from_dict(groups if design.sums is not None else groups | _row_groups(design))


def _effect_values(blocks: Sequence[GroupBlock], raw: RawDraws | RawPredictor) -> dict[str, Any]:
    """Draws of standard deviations, correlations and effects by the names of their variables."""
    values: dict[str, Any] = {}
    for block, sd, corr, ranef in zip(blocks, raw.sd, raw.corr, raw.ranef, strict=True):
        values[names.sd(block.name)] = sd
        values |= {} if corr is None else {names.corr(block.name): corr}
        values |= {} if ranef is None else {names.ranef(block.name): ranef}
    return values


def _row_groups(design: Design) -> dict[str, xr.Dataset]:
    """What has one value for each row."""
    row = {names.ROW: np.asarray(design.frame.index)}
    return {
        "/observed_data": xr.Dataset({names.RESPONSE: ((names.ROW,), design.response.values)}, coords=row),
        "/constant_data": xr.Dataset(
            _constant_variables(design), coords={**row, names.TERM: list(design.fixed.terms)}
        ),
    }


def _moments(design: Design, moments: Sequence[LevelMoments | None]) -> xr.Dataset:
    """Moments of the random effects of every grouping factor that has them."""
    kept = {block.group: moment for block, moment in zip(design.blocks, moments, strict=True) if moment}
    dims = moment_dims([block for block in design.blocks if block.group in kept])
    values: dict[str, Any] = {}
    coords: dict[str, Any] = {names.MOMENT: list(names.MOMENTS)}
    for block in design.blocks:
        if block.group in kept:
            of_level = kept[block.group]
            values[names.ranef(block.group)] = of_level.ranef
            values[names.coef(block.group)] = of_level.coef
            values[names.covariance(block.group)] = of_level.covariance
            coords[names.level_dim(block.group)] = list(block.levels)
            coords[names.effect_dim(block.group)] = list(block.effects)
            coords[names.effect_bis_dim(block.group)] = list(block.effects)
    variables = {name: (dims[name], value) for name, value in values.items()}
    return xr.Dataset(variables, coords=coords)


def _constant_variables(design: Design) -> Variables:
    """X, and offset, weights and trials where the model has them."""
    out: Variables = {"X": ((names.ROW, names.TERM), design.fixed.matrix)}
    if design.residual.errors is not None:
        out["se"] = ((names.ROW,), design.residual.errors)
    if design.formula.offsets:
        out["offset"] = ((names.ROW,), design.offset)
    if design.weights is not None:
        out["weights"] = ((names.ROW,), design.weights)
    if design.response.trials is not None:
        out["trials"] = ((names.ROW,), design.response.trials)
    return out
