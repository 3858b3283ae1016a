"""What a user asks of the sampler, checked."""

from __future__ import annotations

import os

import numpy as np

from bayesmixed.engines.records import SamplerSettings
from bayesmixed.errors import BayesmixedError
from bayesmixed.options import KeepRanef, checked_count, checked_seed, one_of

MOST_DRAWS, MOST_CHAINS = 10**9, 10**4
"""More than these are slips of the hand; whether fewer fit into memory, the engine knows (`engines.room`)."""


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
    """What a user asks of the sampler, checked."""
    one_of(keep_ranef, KeepRanef, "keep_ranef")
    return SamplerSettings(
        draws=_at_most(MOST_DRAWS, draws, "draws"),
        tune=_at_most(MOST_DRAWS, tune, "tune") if tune is not None else 0,
        chains=_at_most(MOST_CHAINS, chains, "chains"),
        cores=min(chains, (os.cpu_count() or 1) if cores is None else checked_count(cores, "cores")),
        seed=np.random.SeedSequence().generate_state(1)[0].item() if seed is None else checked_seed(seed),
        adapt=adapt,
        progress=bool(progress),
        keep_ranef=keep_ranef,
    )


def _at_most(most: int, value: object, argument: str) -> int:
    """A number of things, no more than can be meant."""
    count = checked_count(value, argument)
    if count > most:
        raise BayesmixedError(f"{argument}={value!r} is too many: {argument} is at most {most:,}.")
    return count
