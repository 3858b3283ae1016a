"""Where data may lie, and what is said of those that cannot be read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.design.remote.source import lies_elsewhere, open_source
from bayesmixed.errors import DataError

SLEEP = bm.load_dataset("sleepstudy")


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


@pytest.mark.parametrize("path", ["", "  "])
def test_an_empty_path_is_not_the_folder_of_the_process(path: str, monkeypatch, tmp_path: Path) -> None:
    SLEEP.to_parquet(tmp_path / "rows.parquet")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="data is an empty path; name a Parquet file"):
        open_source(path)


def pieces(folder: Path) -> Path:
    """Folder with the rows in two files."""
    folder.mkdir()
    for part, rows in enumerate((SLEEP[:100], SLEEP[100:])):
        rows.to_parquet(folder / f"{part}.parquet")
    return folder


def single(file: Path) -> Path:
    """File with the rows, beside one that a pattern of its name would find."""
    SLEEP[:90].to_parquet(file.with_name("rows1.parquet"))
    SLEEP.to_parquet(file)
    return file


def hive(folder: Path) -> Path:
    """Folder with a folder for each subject, whose files do not have the subject."""
    SLEEP.to_parquet(folder, partition_cols=["Subject"])
    return folder


def repeated(folder: Path) -> Path:
    """The same with the subject in the files, and other names on the folders."""
    for subject, rows in SLEEP.groupby("Subject", observed=True):
        (folder / "Subject=same" / f"i={subject}").mkdir(parents=True)
        rows.to_parquet(folder / "Subject=same" / f"i={subject}" / "rows.parquet")
    return folder


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(lambda folder: pieces(folder / "dir[1]"), id="folder with brackets"),
        pytest.param(lambda folder: pieces(folder / "what?"), id="folder with a question mark"),
        pytest.param(lambda folder: pieces(folder / "Subject=5"), id="folder that looks like a value"),
        pytest.param(lambda folder: single(folder / "rows[1].parquet"), id="file with brackets"),
        pytest.param(lambda folder: single(folder / "rows*.parquet"), id="file with an asterisk"),
        pytest.param(lambda folder: hive(folder / "hive"), id="hive"),
        pytest.param(lambda folder: hive(folder / "hive[1]"), id="hive with brackets"),
        pytest.param(lambda folder: hive(folder / "hive") / "*" / "*.parquet", id="pattern of hive"),
        pytest.param(lambda folder: repeated(folder / "hive"), id="hive, with the column in the files too"),
    ],
)
def test_a_path_is_read_as_it_is_named(path: Callable[[Path], Path], tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    formula = "Reaction ~ Days + (1 | Subject)"
    found = bm.lmer(formula, path(tmp_path), method="reml")
    expected = bm.lmer(formula, SLEEP, method="reml")
    assert found.nobs() == 180
    assert found.ranef()["group"].astype(str).tolist() == expected.ranef()["group"].astype(str).tolist()
    assert found.deviance() == pytest.approx(expected.deviance(), abs=1e-8)


def test_columns_that_duckdb_cannot_tell_apart_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    path = tmp_path / "rows.parquet"
    pd.DataFrame({"y": [1.0], "x": [1], "X": [2]}).to_parquet(path)
    with pytest.raises(DataError, match=r"columns 'x' and 'X', which DuckDB cannot .* polars\.scan_parquet"):
        open_source(path)


def test_without_duckdb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(DataError, match=r"pip install 'bayesmixed\[large\]'"):
        open_source("rows.parquet")
