"""Fits that the tests of plots share."""

from __future__ import annotations

import matplotlib as mpl
import pytest

import bayesmixed as bm

mpl.use("Agg")


@pytest.fixture(scope="session")
def sleep_reml() -> bm.RemlFit:
    """lme4's estimate of the sleep study."""
    return bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")


@pytest.fixture(scope="session")
def sleep_bayes() -> bm.MixedFit:
    """Posterior of the sleep study."""
    return bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), draws=300, seed=1)
