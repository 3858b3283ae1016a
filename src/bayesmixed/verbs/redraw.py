"""Draws of random effects made again, for a fit that keeps their moments."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.prediction_rows import PredictionRows
from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.errors import BayesmixedError
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.linear_predictor import keeps_moments
from bayesmixed.verbs.integrated_draws import integrated_points
from bayesmixed.verbs.summaries import draw_matrix

MOST_VALUES = 2**27
"""Draws of the effects of some levels that are made again without being asked for: 1 GiB."""


def redraw(draws: xr.DataTree, spec: ModelSpec) -> xr.DataTree:
    """Posterior with the draws of its random effects, where a fit keeps their moments."""
    if not keeps_moments(draws):
        return draws
    every = [np.arange(block.n_levels) for block in spec.design.blocks]
    tree = draws.copy()
    tree["posterior"] = xr.DataTree(_posterior(draws, spec, every))
    del tree[names.RANEF_MOMENTS]
    return tree


def with_levels(draws: xr.DataTree, spec: ModelSpec, wanted: PredictionRows) -> xr.DataTree:
    """Posterior with draws of the random effects of the levels that some rows have."""
    groups = [block.group for block in wanted.design.blocks]
    codes = [meeting.codes for meeting in wanted.data.meetings]
    known = {group: np.unique(own[own >= 0]) for group, own in zip(groups, codes, strict=True)}
    levels = [known.get(block.group, np.empty(0, dtype=np.int64)) for block in spec.design.blocks]
    if not keeps_moments(draws) or not any(len(own) for own in levels):
        return draws
    posterior = draws["posterior"]
    n_effects = sum(len(own) * block.n_effects for own, block in zip(levels, spec.design.blocks, strict=True))
    size = posterior.sizes[names.CHAIN] * posterior.sizes[names.DRAW] * n_effects
    if size > MOST_VALUES:
        raise BayesmixedError(
            f"The fit keeps moments of its random effects, and the draws of those of these rows would take "
            f"{size * 8 / 2**30:.1f} GiB. Predict rows of fewer levels at a time, or take "
            "fit.with_ranef_draws() if there is memory for all."
        )
    return xr.DataTree.from_dict({"/posterior": _posterior(draws, spec, levels)})


def _posterior(draws: xr.DataTree, spec: ModelSpec, levels: Sequence[IntArray]) -> xr.Dataset:
    """Posterior with draws of the random effects of some levels of every block."""
    ranef = _redrawn(draws, spec, levels)
    blocks = spec.design.blocks
    posterior = draws["posterior"].to_dataset().drop_vars([names.level_dim(block.group) for block in blocks])
    for i, block in enumerate(blocks):
        level, effect = names.level_dim(block.group), names.effect_dim(block.group)
        posterior[names.ranef(block.group)] = ((names.CHAIN, names.DRAW, level, effect), ranef[i])
        posterior = posterior.assign_coords({level: np.asarray(block.levels)[levels[i]]})
    return posterior


def _redrawn(draws: xr.DataTree, spec: ModelSpec, levels: Sequence[IntArray]) -> dict[int, FloatArray]:
    """Draws of the effects of some levels by block, shape (chain, draw, levels, k)."""
    from bayesmixed.engines.collapsed.integrated import IntegratedModel
    from bayesmixed.engines.collapsed.problem import make_problem, pack_problem
    from bayesmixed.engines.collapsed.target import CollapsedTarget, draw_effects
    from bayesmixed.engines.kernel.plan import make_plan
    from bayesmixed.engines.kernel.unit_priors import coefficients_are_integrable
    from bayesmixed.engines.machine import single_threaded_blas

    if draws.attrs["engine"] != "collapsed":
        raise _gone(draws.attrs["engine"])
    if any(predictor.blocks for predictor in spec.design.others):
        raise _gone("collapsed")
    plan = make_plan(spec.design, coefficients_sampled=not coefficients_are_integrable(spec))
    if plan.samples_effects:
        raise _gone("collapsed")
    problem = make_problem(spec)
    packed = pack_problem(problem, plan)
    model = IntegratedModel(spec=spec, plan=plan, problem=problem, packed=packed)
    target = CollapsedTarget(design=spec.design, plan=plan, problem=problem, packed=packed)
    shape = draws["posterior"].sizes[names.CHAIN], draws["posterior"].sizes[names.DRAW]
    points = integrated_points(draws, model).reshape(*shape, -1)
    seeds = np.random.SeedSequence(int(draws.attrs["seed"])).spawn(shape[0])
    with single_threaded_blas():
        beta, ranef = draw_effects(target, points, seeds, os.cpu_count() or 1, levels=dict(enumerate(levels)))
    _check_same(beta.reshape(-1, beta.shape[-1]), draw_matrix(draws, names.BETA))
    return ranef


def _gone(engine: str) -> BayesmixedError:
    """Error for random effects whose draws cannot be made again."""
    return BayesmixedError(
        f"The draws of the random effects are gone: the engine {engine!r} sampled some of them, and the fit "
        "keeps their moments only. Fit with keep_ranef='draws'."
    )


def _check_same(again: FloatArray, kept: FloatArray) -> None:
    """Refuse draws that do not belong to the kept ones."""
    if not np.allclose(again, kept, rtol=1e-6, atol=1e-6 * np.std(kept, axis=0).max(initial=0.0)):
        raise BayesmixedError(
            "The seed does not give the coefficients of this fit again, so that its random effects cannot be "
            "drawn again: another version made it, or its draws were changed. Fit with keep_ranef='draws'."
        )
