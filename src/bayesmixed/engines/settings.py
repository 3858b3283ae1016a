"""What a user asks of the sampler, checked."""

from __future__ import annotations

import os

import numpy as np

from bayesmixed.engines.records import SamplerSettings
from bayesmixed.options import KeepRanef, checked_count, checked_seed, one_of


def sampler_settings(
    draws: int,
    tune: int | None,
    chains: int,
    cores: int | None,
    seed: int | None,
    *,
    adapt: bool,
    progress: bool | None,
    keep_ranef: KeepRanef = "draws",
) -> SamplerSettings:
    """What a user asks of the sampler, checked.

    Parameters
    ----------
    draws, tune, chains, cores, seed, adapt, progress, keep_ranef
        As in :func:`bayesmixed.lmer`.

    Returns
    -------
    SamplerSettings
        With ``tune`` 0 where the engine chooses.

    Raises
    ------
    BayesmixedError
        For a number that is not whole, or too small, and for an unknown word.
    """
    one_of(keep_ranef, KeepRanef, "keep_ranef")
    return SamplerSettings(
        draws=checked_count(draws, "draws"),
        tune=checked_count(tune, "tune") if tune is not None else 0,
        chains=checked_count(chains, "chains"),
        cores=checked_count(cores, "cores") if cores is not None else min(chains, os.cpu_count() or 1),
        seed=np.random.SeedSequence().generate_state(1)[0].item() if seed is None else checked_seed(seed),
        adapt=adapt,
        progress=bool(progress),
        keep_ranef=keep_ranef,
    )
