from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bayesmixed.datasets import load_dataset
from bayesmixed.design.build import build_design
from bayesmixed.design.records import Design
from bayesmixed.engines.choose import prepare_engine
from bayesmixed.engines.records import RawDraws, SamplerSettings
from bayesmixed.formula.parse import parse_formula
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.sampling import FINE_ACCEPT, sample_until_good
from bayesmixed.priors.prior import Prior

SETTINGS = SamplerSettings(draws=500, tune=300, chains=4, cores=2, seed=1)
Call = tuple[int, float | None]


@pytest.fixture(scope="module")
def design() -> Design:
    """Six batches of five."""
    return build_design(parse_formula("Yield ~ 1 + (1 | Batch)"), load_dataset("Dyestuff2"))


def sampler(
    design: Design, *, diverges: Callable[[Call], bool], good_from: int = 1
) -> tuple[Callable[[SamplerSettings, int], RawDraws], list[Call]]:
    """A sampler of independent draws, drifting before a length; and the list of its calls."""
    calls: list[Call] = []

    def sample(settings: SamplerSettings, thin: int) -> RawDraws:
        calls.append((thin, settings.target_accept))
        rng, shape = np.random.default_rng(len(calls)), (settings.chains, settings.draws)
        diverging = np.zeros(shape, dtype=bool)
        diverging[0, 0] = diverges(calls[-1])
        drift = 0.0 if thin >= good_from else np.arange(settings.chains)[:, None]
        return RawDraws(
            beta=rng.normal(size=(*shape, 1)),
            parameters={"sigma": rng.normal(size=shape) + drift},
            sd=(rng.normal(size=(*shape, 1)),),
            corr=(None,),
            ranef=(rng.normal(size=(*shape, design.blocks[0].n_levels, 1)),),
            sample_stats={"diverging": diverging},
        )

    return sample, calls


CASES = [
    ({"diverges": lambda _: False}, [(1, None)]),
    ({"diverges": lambda call: call[1] is None}, [(1, None), (1, FINE_ACCEPT)]),
    ({"diverges": lambda _: True}, [(1, None), (1, FINE_ACCEPT)]),
    ({"diverges": lambda _: False, "good_from": 4}, [(1, None), (4, None)]),
    (
        {"diverges": lambda call: call == (4, None), "good_from": 16},
        [(1, None), (4, None), (4, FINE_ACCEPT), (16, FINE_ACCEPT)],
    ),
    ({"diverges": lambda _: False, "good_from": 99}, [(1, None), (4, None), (16, None)]),
]


@pytest.mark.parametrize(("options", "expected"), CASES)
def test_runs_follow_one_another(design: Design, options: dict[str, object], expected: list[Call]) -> None:
    sample, calls = sampler(design, **options)  # type: ignore[arg-type]
    sampled = sample_until_good(design, sample, SETTINGS, {"seed": 1})
    assert calls == expected
    thin, rate = expected[-1]
    assert (sampled.thin, sampled.diagnosis.target_accept) == (thin, rate)
    assert sampled.draws.attrs == ({"seed": 1} if rate is None else {"seed": 1, "target_accept": rate})


def test_without_adapting_one_run_is_made(design: Design) -> None:
    sample, calls = sampler(design, diverges=lambda _: True, good_from=99)
    settings = SamplerSettings(draws=500, chains=4, adapt=False)
    assert sample_until_good(design, sample, settings, {}).diagnosis.divergences == 1
    assert calls == [(1, None)]


def test_steps_are_asked_for_once_more_only_by_the_share(design: Design) -> None:
    sample, calls = sampler(design, diverges=lambda _: False)
    sample_until_good(design, sample, SETTINGS, {}, share=1.5)
    assert [thin for thin, _ in calls] == [1, 4, 16]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_a_tight_prior_near_zero_leaves_no_divergence(design: Design, scale: float, seed: int) -> None:
    priors = {"sd_Batch": Prior("HalfNormal", {"sigma": scale})}
    spec = ModelSpec(design=design, priors=complete_priors(design, priors))
    prepared = prepare_engine(spec, "collapsed")
    settings = SamplerSettings(draws=1000, tune=prepared.tune, chains=4, cores=2, seed=seed)
    sampled = sample_until_good(design, prepared.sample, settings, {}, share=prepared.share)
    assert sampled.diagnosis.problems() == ()
