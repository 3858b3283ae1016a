"""The engine for everything that cannot be collapsed: NUTS on the hierarchical PyMC graph."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import Design
from bayesmixed.engines.nuts import STATISTICS, chains_worth_keeping
from bayesmixed.engines.records import RawDraws, RawPredictor, SamplerSettings
from bayesmixed.families.gaussian import GAUSSIAN

ACCEPT = 0.8
"""Acceptance rate that the step size is tuned for: PyMC's own."""


def sample_graph(
    model: Any,
    design: Design,
    settings: SamplerSettings,
    *,
    thin: int = 1,
    parameters: Iterable[str] = GAUSSIAN.parameter_names,
) -> RawDraws:
    """Sample a model's graph with PyMC; `parameters` names those that are one number for all rows."""
    import pymc as pm

    longer = settings.times(thin)
    with warnings.catch_warnings():
        # What ArviZ says of fewer draws than chains, as after an early Ctrl-C.
        warnings.filterwarnings("ignore", "Found chain dimension to be longer", UserWarning)
        tree = pm.sample(
            draws=longer.draws,
            tune=longer.tune,
            chains=longer.chains,
            cores=longer.cores,
            random_seed=longer.seed,
            progressbar=longer.progress,
            quiet=not longer.progress,
            model=model,
            target_accept=settings.target_accept or ACCEPT,
        )
    stats = tree["sample_stats"].to_dataset()
    # After Ctrl-C PyMC gives back what there is, and fills shorter chains up with NaN.
    lengths = np.isfinite(stats["step_size"]).sum(names.DRAW).to_numpy().tolist()
    chains, length = chains_worth_keeping(lengths, longer)
    kept = {names.CHAIN: chains, names.DRAW: slice(thin - 1, length, thin)}
    raw = raw_draws(design, tree["posterior"].to_dataset().isel(kept), stats.isel(kept), parameters)
    return replace(raw, interrupted=(len(chains), length) != (longer.chains, longer.draws))


def raw_draws(
    design: Design,
    posterior: xr.Dataset,
    stats: xr.Dataset,
    parameters: Iterable[str] = GAUSSIAN.parameter_names,
) -> RawDraws:
    """Arrays out of a PyMC posterior."""

    def values(name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.asarray(posterior[name].values, dtype=np.float64)

    sizes = tuple(posterior.sizes[dim] for dim in (names.CHAIN, names.DRAW))
    wanted = set(STATISTICS.values())
    mean, *others = (
        RawPredictor(
            beta=values(names.beta(name)) if names.beta(name) in posterior else np.empty((*sizes, 0)),
            sd=tuple(values(names.sd(block.name)) for block in predictor.blocks),
            corr=tuple(
                values(names.corr(block.name)) if block.has_correlation else None
                for block in predictor.blocks
            ),
            ranef=tuple(values(names.ranef(block.name)) for block in predictor.blocks),
        )
        for name, predictor in design.predictors.items()
    )
    return RawDraws(
        beta=mean.beta,
        parameters={name: values(name) for name in parameters},
        sd=mean.sd,
        corr=mean.corr,
        ranef=mean.ranef,
        sample_stats={str(k): v.values for k, v in stats.data_vars.items() if k in wanted},
        others={each.parameter: raw for each, raw in zip(design.others, others, strict=True)},
    )
