"""Where data may lie, and what is said of those that cannot be read."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from bayesmixed.design.source import lies_elsewhere, open_source
from bayesmixed.errors import DataError


def test_frames_in_memory_lie_here() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"x": [1]})
    assert not lies_elsewhere(frame)
    assert lies_elsewhere(frame.lazy())
    assert lies_elsewhere(Path("rows.parquet"))
    assert not lies_elsewhere(pd.DataFrame())
    assert not lies_elsewhere({"x": [1]})


@pytest.mark.parametrize(
    ("path", "message"), [("rows.csv", "only Parquet files"), ("none/*.parquet", "data cannot be read")]
)
def test_unreadable(path: str, message: str, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    with pytest.raises(DataError, match=message):
        open_source(str(tmp_path / path))


def test_without_duckdb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(DataError, match=r"pip install 'bayesmixed\[large\]'"):
        open_source("rows.parquet")
