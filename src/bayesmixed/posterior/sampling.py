"""Sampling until the posterior is good: a user asks for an answer, not for a number of draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import xarray as xr

from bayesmixed.design.records import Design
from bayesmixed.engines.records import RawDraws, SamplerSettings
from bayesmixed.posterior.diagnosis import TARGET_ACCEPT, Diagnosis
from bayesmixed.posterior.diagnostics import diagnose
from bayesmixed.posterior.tree import draws_tree

LENGTHS = (1, 4, 16)
"""How many times the asked number of draws is made, one after the other, until the posterior is good."""

FINE_ACCEPT = 0.95
"""Acceptance rate that steps are tuned for once some have diverged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """A posterior with its diagnosis.

    Attributes
    ----------
    draws : xarray.DataTree
        Laid out by `posterior.tree.draws_tree`.
    diagnosis : Diagnosis
        How well the chains agree.
    thin : int
        Every how many-th draw was kept.
    """

    draws: xr.DataTree
    diagnosis: Diagnosis
    thin: int


def sample_until_good(
    design: Design,
    sample: Callable[[SamplerSettings, int], RawDraws],
    settings: SamplerSettings,
    attrs: Mapping[str, Any],
    *,
    share: float = 0.0,
) -> Sampled:
    """Sample, and again longer or in finer steps, until every quantity is good.

    Parameters
    ----------
    design : Design
        What is fitted.
    sample : callable
        ``sample(settings, thin)`` gives draws.
    settings : SamplerSettings
        With ``adapt=False`` exactly the asked draws are made, once.
    attrs : Mapping
        Attributes of the tree.
    share : float
        Share of the kept draws that every effective sample size must reach beside the 400: a fast engine can
        afford more.

    Returns
    -------
    Sampled
        Good (bulk and tail ESS of at least 400, R-hat of at most 1.01, everywhere), or the last of `LENGTHS`.

    Notes
    -----
    A longer run is thinned to the same number of draws. A run in which a step diverged is repeated at once,
    and what follows it made, in steps tuned for an acceptance rate of 0.95: a divergence beside good
    effective sample sizes comes from steps too long for a steep side of the posterior, as a tight prior of a
    standard deviation has on the logarithmic scale.
    """
    enough = share * settings.chains * settings.draws
    for thin in LENGTHS if settings.adapt else LENGTHS[:1]:
        sampled = _run(design, sample, settings, attrs, thin)
        if settings.adapt and sampled.diagnosis.divergences and settings.target_accept is None:
            settings = replace(settings, target_accept=FINE_ACCEPT)
            sampled = _run(design, sample, settings, attrs, thin)
        diagnosis = sampled.diagnosis
        if diagnosis.is_good and min(diagnosis.min_ess_bulk, diagnosis.min_ess_tail) >= enough:
            break
    return sampled


def _run(
    design: Design,
    sample: Callable[[SamplerSettings, int], RawDraws],
    settings: SamplerSettings,
    attrs: Mapping[str, Any],
    thin: int,
) -> Sampled:
    """One run with its diagnosis."""
    rate = {} if settings.target_accept is None else {TARGET_ACCEPT: settings.target_accept}
    draws = draws_tree(design, sample(settings, thin), {**attrs, **rate})
    return Sampled(draws=draws, diagnosis=diagnose(draws), thin=thin)
