"""Runs that do not fit into memory are refused before they begin, with what to ask for instead."""

from __future__ import annotations

from typing import Any

import pytest

import bayesmixed as bm
from bayesmixed.engines import machine
from bayesmixed.engines.machine import STATISTICS, check_room, free_bytes, needed_bytes
from bayesmixed.engines.records import Footprint, RawDraws, SamplerSettings
from bayesmixed.posterior import sampling

FORMULA = "Reaction ~ Days + (Days | Subject)"


def lmer(**options: Any) -> bm.MixedFit:
    fit: bm.MixedFit = bm.lmer(FORMULA, bm.load_dataset("sleepstudy"), seed=1, **options)
    return fit


def test_this_machine_says_what_is_free() -> None:
    assert 2**24 < free_bytes() <= machine.UNKNOWN


def test_what_is_needed_is_counted() -> None:
    """Ten draws and five more to tune, of two numbers: 15 in nutpie and 20 beside; then 3 x 10 x 2.5."""
    settings = SamplerSettings(draws=10, tune=5, chains=4)
    small = Footprint(sampled=2, effects=3)
    assert needed_bytes(small, settings, 1) == 8 * 4 * 35 * (2 + STATISTICS)
    large = Footprint(sampled=2, effects=1000)
    assert needed_bytes(large, settings, 1) == 8 * 4 * (10 * (2 + STATISTICS) + 25 * 1000)
    assert needed_bytes(small, settings, 4) == 8 * 4 * (50 + 80) * (2 + STATISTICS)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draws": 10**20}, "draws=100000000000000000000 is too many"),
        ({"tune": 10**20}, "tune=100000000000000000000 is too many"),
        ({"chains": 10**6}, "chains=1000000 is too many: chains is at most 10,000"),
        ({"draws": 10**8}, r"100000000 draws of 4 chains need about [\d,.]+ GB, and 8.0 GB are free"),
        ({"draws": 10**8, "engine": "pymc"}, r"100000000 draws of 4 chains need about [\d,.]+ GB"),
        ({"tune": 10**9}, "need about"),
    ],
    ids=str,
)
def test_too_much_is_refused_in_words(
    options: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "free_bytes", lambda: 8 * 10**9)
    with pytest.raises(bm.BayesmixedError, match=words):
        lmer(**options)


@pytest.mark.parametrize(("spared", "told"), [(10**6, True), (0, False)])
def test_moments_are_advised_where_they_help(
    spared: int, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "free_bytes", lambda: 10**9)
    footprint = Footprint(sampled=4 if spared else 10**6, effects=10**6, spared=spared)
    settings = SamplerSettings(draws=1000, chains=4)
    with pytest.raises(bm.SamplingError, match="fewer draws=") as refused:
        check_room(footprint, settings, 1)
    assert ('keep_ranef="moments"' in str(refused.value)) is told
    if told:
        check_room(footprint, SamplerSettings(draws=1000, chains=4, keep_ranef="moments"), 1)


def test_a_longer_run_that_does_not_fit_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """60 draws of two chains are never good enough."""
    monkeypatch.setattr(sampling, "free_bytes", lambda: 0)
    with pytest.warns(bm.ConvergenceWarning, match="effective draws"):
        fit = lmer(draws=60, chains=2)
    assert fit.run.thin == 1


def test_memory_that_runs_out_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: Any) -> RawDraws:
        raise MemoryError

    monkeypatch.setattr(sampling, "_run", exhausted)
    with pytest.raises(bm.SamplingError, match="not enough memory for 1000 draws of 4 chains"):
        lmer()
