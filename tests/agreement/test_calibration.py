"""Small version of ``make calibration``: ranks of true values among posterior draws are uniform."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from scipy import stats

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
REPLICATIONS = 60
LEVEL = 1e-4


@pytest.fixture(scope="module")
def calibration() -> Iterator[ModuleType]:
    """The script that makes replications."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield importlib.import_module("calibration")


@pytest.fixture(scope="module")
def page() -> Iterator[ModuleType]:
    """The script that judges them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield importlib.import_module("calibration_page")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmixed.ConvergenceWarning")
def test_ranks_of_five_groups_are_uniform(calibration: ModuleType) -> None:
    case = calibration.CASES[0]
    rows = []
    for replication in range(REPLICATIONS):
        simulation = calibration.simulate(case, replication)
        rows.append(calibration.ranks(case, simulation, calibration.fitted(case, simulation, adapt=False)))
    ranks = pd.DataFrame(rows)
    spread = np.random.default_rng(1).uniform(size=ranks.shape)
    uniform = (ranks + spread) / (calibration.RANKED + 1)
    p = {name: stats.kstest(values, "uniform").pvalue for name, values in uniform.items()}
    assert {name: value for name, value in p.items() if value < LEVEL} == {}


def _ranks(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"case": "a", "quantity": "q", "rank": np.clip(values, 0, 200).astype(int)})


@pytest.mark.parametrize(
    ("values", "outside"),
    [
        (np.arange(500) * 201 // 500, False),
        (np.random.default_rng(2).integers(0, 201, 500), False),
        (np.random.default_rng(2).normal(100, 45, 500), True),
        (np.random.default_rng(2).integers(0, 201, 500) + 20, True),
        (200 * np.random.default_rng(2).beta(0.7, 0.7, 500), True),
    ],
    ids=["even", "uniform", "too wide a posterior", "biased", "too narrow a posterior"],
)
def test_band_finds_ranks_that_are_not_uniform(page: ModuleType, values: np.ndarray, outside: bool) -> None:
    judged = page.judge(_ranks(values))
    assert judged["outside"].tolist() == [outside]


@pytest.mark.parametrize(("held", "far"), [(475, False), (450, True), (500, True)])
def test_coverage_is_measured_in_standard_errors(page: ModuleType, held: int, far: bool) -> None:
    rows = [
        {"case": "a", "verb": "v", "prob": 0.95, "intervals": 1, "held": int(i < held)} for i in range(500)
    ]
    z = page.coverage(pd.DataFrame(rows))["z"].item()
    assert (abs(z) > 3) == far
