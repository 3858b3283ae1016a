"""Shared data, which lie beside the project and are never shipped, and specifications on simulated data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lazy_rows
from bayesmixed.design.build import build_design
from bayesmixed.formula.parse import parse_formula
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the data and the reference numbers."""
    if not SHARED.is_dir():
        pytest.skip("the shared data do not lie beside the project")
    return SHARED


@pytest.fixture(scope="session")
def sleepstudy(shared: Path) -> pd.DataFrame:
    """Reaction times of 18 subjects on 10 days."""
    return pd.read_csv(shared / "data" / "sleepstudy.csv", dtype={"Subject": str})


@pytest.fixture
def frame() -> pd.DataFrame:
    """Ninety-six rows with two crossed grouping factors."""
    rng = np.random.default_rng(5)
    rows = np.arange(96)
    return pd.DataFrame(
        {
            "y": rng.normal(3, 2, 96),
            "x": rng.normal(1, 1, 96),
            "v": rng.normal(-2, 3, 96),
            "w": rng.uniform(0.5, 2, 96),
            "known": rng.normal(0, 1, 96),
            "g": [f"g{i}" for i in rows % 8],
            "h": [f"h{i}" for i in rows // 8 % 6],
        }
    )


@pytest.fixture
def spec_of(frame: pd.DataFrame) -> Callable[..., ModelSpec]:
    """Make the specification of a formula."""

    def make(formula: str, priors: dict[str, object] | None = None, **options: Any) -> ModelSpec:
        design = build_design(parse_formula(formula), frame, **options)
        return ModelSpec(design=design, priors=complete_priors(design, priors))

    return make


@pytest.fixture(scope="session")
def rows_in_memory() -> pd.DataFrame:
    """Rows with everything that queries must get right."""
    return lazy_rows.rows()


@pytest.fixture(scope="session")
def parquet_folder(tmp_path_factory: pytest.TempPathFactory, rows_in_memory: pd.DataFrame) -> Path:
    """The same rows in two Parquet files."""
    folder = tmp_path_factory.mktemp("rows")
    rows_in_memory.iloc[:150].to_parquet(folder / "a.parquet", index=False)
    rows_in_memory.iloc[150:].to_parquet(folder / "b.parquet", index=False)
    return folder
