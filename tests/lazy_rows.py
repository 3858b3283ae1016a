"""Rows with everything that queries must get right, and where they may lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest


def rows(n: int = 400) -> pd.DataFrame:
    """Rows with numbers around 2000, text, true and false, missing values."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "x": rng.normal(1, 1, n),
            "year": rng.integers(1990, 2021, n),
            "z": rng.uniform(0.5, 4, n),
            "w": rng.uniform(0.5, 2, n),
            "known": rng.normal(0, 1, n),
            "sex": rng.choice(["m", "f"], n),
            "dose": rng.choice(["low", "mid", "high"], n),
            "k": rng.integers(1, 4, n),
            "flag": rng.random(n) > 0.5,
            "g": [f"g{i}" for i in rng.integers(0, 15, n)],
            "h": rng.integers(0, 11, n),
        }
    )
    frame["s"] = frame["g"] + "_" + (frame["h"] % 3).astype(str)
    level = dict(zip(frame["g"].unique(), rng.normal(0, 1.5, 15), strict=True))
    frame["y"] = 3 + frame["x"] + 0.01 * frame["year"] + frame["g"].map(level) + rng.normal(0, 2, n)
    frame.loc[[3, 50], "x"] = np.nan
    frame.loc[9, "y"] = np.nan
    frame.loc[7, "g"] = None
    return frame


def polars_lazy(folder: Path) -> Any:
    """Lazy frame of polars."""
    return pytest.importorskip("polars").scan_parquet(folder / "*.parquet")


def duckdb_relation(folder: Path) -> Any:
    """Relation of DuckDB."""
    return pytest.importorskip("duckdb").connect().read_parquet(str(folder / "*.parquet"))


def pattern(folder: Path) -> str:
    """Pattern of Parquet files, read by DuckDB."""
    pytest.importorskip("duckdb")
    return str(folder / "*.parquet")


SOURCES: dict[str, Callable[[Path], Any]] = {
    "polars": polars_lazy,
    "duckdb": duckdb_relation,
    "parquet": pattern,
}
FORMULAS = (
    "y ~ 1 + (1 | g)",
    "y ~ x + (x | g)",
    "y ~ x + (x || g)",
    "y ~ year + (year | g)",
    "y ~ x + (1 | g/s)",
    "y ~ x + (1 | g) + (x | h)",
    "y ~ x*dose + (dose | g)",
    "y ~ sex*dose + x:dose + (1 | g)",
    "y ~ scale(year) + center(x) + (scale(year) | g)",
    "y ~ 0 + x + (0 + x | g)",
    "y ~ 0 + dose + (1 | g)",
    "log(z) ~ I(x^2) + sqrt(w) + exp(x) + (1 | g) + offset(known)",
    "y ~ C(k) + C(dose, Sum) + flag + (flag | g)",
    "y ~ I(sex == 'm') + I(k > 1) + log(z):sex + (1 | factor(h)) + (1 | g:sex)",
    "y ~ 0 + flag + x:flag + (0 + flag | g)",
    "y ~ I(year > 2005):x + (0 + I(x > 1) | h) + (1 | g)",
    "y ~ I(flag == TRUE)*sex + I(flag) + C(flag) - I(flag) - C(flag) + (1 | flag:h)",
    "y ~ sin(2*pi*x) + cos(pi*z) + (1 | g)",
    "y ~ scale(log(z))*sex + (x | g) + (0 + dose | h)",
    "y ~ I(year %% 4) + I(x %% 2) + I(z %/% 2) + sign(x) + I(-x / z) + (1 | g)",
)
