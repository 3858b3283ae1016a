"""Shared data and references, which lie beside the project and are never shipped."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

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
