"""Sampling until the posterior is good: a user asks for an answer, not for a number of draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import xarray as xr

from bayesmixed.design.records import Design
from bayesmixed.engines.records import RawDraws, SamplerSettings
from bayesmixed.posterior.diagnosis import Diagnosis
from bayesmixed.posterior.diagnostics import diagnose
from bayesmixed.posterior.tree import draws_tree

LENGTHS = (1, 4, 16)
"""How many times the asked number of draws is made, one after the other, until the posterior is good."""


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
    """Sample, and again longer and thinned to the same number of draws, until every quantity is good.

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
    """
    for thin in LENGTHS if settings.adapt else LENGTHS[:1]:
        draws = draws_tree(design, sample(settings, thin), attrs)
        diagnosis = diagnose(draws)
        smallest = min(diagnosis.min_ess_bulk, diagnosis.min_ess_tail)
        if diagnosis.is_good and smallest >= share * settings.chains * settings.draws:
            break
    return Sampled(draws=draws, diagnosis=diagnosis, thin=thin)
