"""Sampling until the posterior is good: a user asks for an answer, not for a number of draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import xarray as xr

from bayesmixed.design.records import Design
from bayesmixed.engines.machine import check_room, free_bytes, needed_bytes, out_of_memory
from bayesmixed.engines.moments import without_ranef
from bayesmixed.engines.records import Footprint, RawDraws, SamplerSettings
from bayesmixed.errors import ConvergenceWarning, warn
from bayesmixed.posterior.diagnostics import TARGET_ACCEPT, Diagnosis, diagnose
from bayesmixed.posterior.tree import draws_tree

LENGTHS = (1, 4, 16)
"""How many times the asked number of draws is made, one after the other, until the posterior is good."""

FINE_ACCEPT = 0.95
"""Acceptance rate that steps are tuned for once some have diverged."""

INTERRUPTED = "Sampling was interrupted"
"""How the warning of an interrupted fit begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """A posterior with its diagnosis."""

    draws: xr.DataTree  # laid out by `posterior.tree.draws_tree`
    diagnosis: Diagnosis  # how well the chains agree
    thin: int  # every how many-th draw was kept
    # whether the user broke sampling off, so that it is not as good or as long as it would have been
    interrupted: bool = False


def sample_until_good(
    design: Design,
    sample: Callable[[SamplerSettings, int], RawDraws],
    settings: SamplerSettings,
    attrs: Mapping[str, Any],
    *,
    share: float = 0.0,
    footprint: Footprint = Footprint(sampled=0, effects=0),  # noqa: B008  # it is frozen
) -> Sampled:
    """Sample, and again longer or in finer steps, until every quantity is good.

    A longer run is thinned to the same number of draws. A run in which a step diverged is repeated at once,
    and what follows it made, in steps tuned for an acceptance rate of 0.95: a divergence beside good
    effective sample sizes comes from steps too long for a steep side of the posterior, as a tight prior of a
    standard deviation has on the logarithmic scale.
    """
    sampled: Sampled | None = None
    enough = share * settings.chains * settings.draws
    thin, longer = LENGTHS[0], list(LENGTHS[1:] if settings.adapt else ())
    check_room(footprint, settings, thin)
    while True:
        try:
            sampled = _run(design, sample, settings, attrs, thin)
        except KeyboardInterrupt:
            if sampled is None:
                raise
            return replace(sampled, interrupted=True)
        except MemoryError as error:
            if sampled is None:
                raise out_of_memory(footprint, settings) from error
            return sampled
        diagnosis = sampled.diagnosis
        good = diagnosis.is_good and min(diagnosis.min_ess_bulk, diagnosis.min_ess_tail) >= enough
        diverged = settings.adapt and diagnosis.divergences > 0 and settings.target_accept is None
        if sampled.interrupted or not (diverged or (longer and not good)):
            return sampled
        if diverged:
            settings = replace(settings, target_accept=FINE_ACCEPT)
        elif needed_bytes(footprint, settings, longer[0]) > free_bytes():
            return sampled
        else:
            thin = longer.pop(0)


def warn_if_interrupted(sampled: Sampled, settings: SamplerSettings) -> None:
    """Warn when the user broke sampling off, with what was kept."""
    if sampled.interrupted:
        kept = sampled.diagnosis
        asked = f"{settings.draws} of {settings.chains} were asked for, and the seed does not repeat them"
        if (kept.n_chains, kept.n_draws) == (settings.chains, settings.draws):
            asked = "as many as were asked for, but no longer run was made to improve them"
        warn(
            f"{INTERRUPTED}: the fit has {kept.n_draws} draws of {kept.n_chains} chains, {asked}.",
            ConvergenceWarning,
        )


def _run(
    design: Design,
    sample: Callable[[SamplerSettings, int], RawDraws],
    settings: SamplerSettings,
    attrs: Mapping[str, Any],
    thin: int,
) -> Sampled:
    """One run with its diagnosis."""
    rate = {} if settings.target_accept is None else {TARGET_ACCEPT: settings.target_accept}
    raw = sample(settings, thin)
    draws = draws_tree(design, raw, {**attrs, **rate})
    diagnosis = diagnose(draws)
    if settings.keep_ranef == "moments":
        draws = draws_tree(design, without_ranef(design, raw), {**attrs, **rate})
    return Sampled(draws=draws, diagnosis=diagnosis, thin=thin, interrupted=raw.interrupted)
