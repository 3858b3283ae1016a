"""Files and names as a command line gives them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from bayesmixed.datasets import load_dataset, read_data
from bayesmixed.errors import DataError, DesignWarning

FRAME = pd.DataFrame({"y": [1.5, 2.5], "g": ["a", "b"]})


def write(path: Path) -> None:
    if path.suffix in {".parquet", ".pq"}:
        FRAME.to_parquet(path)
    else:
        FRAME.to_csv(path, sep="," if ".csv" in path.name.lower() else "\t", index=False)


@pytest.mark.parametrize(
    "name", ["d.csv", "d.CSV", "d.tsv", "d.tab", "d.csv.gz", "d.tsv.xz", "d.parquet", "d.pq", "my.data.csv"]
)
def test_file_is_read_by_the_end_of_its_name(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    pd.testing.assert_frame_equal(read_data(str(tmp_path / name)), FRAME)


def test_name_without_a_file_is_a_bundled_data_set() -> None:
    pd.testing.assert_frame_equal(read_data("SleepStudy"), load_dataset("sleepstudy"))


def test_file_wins_over_a_data_set_of_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cake").write_text("y\n1\n")
    with pytest.raises(DataError, match="does not say its format"):
        read_data("cake")


@pytest.mark.parametrize("name", ["cake.csv", "Cake.tsv", "cake.csv.gz", "CAKE.parquet"])
def test_file_that_begins_like_a_data_set_wins_with_a_warning(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cake.txt").write_text("no data")
    write(tmp_path / name)
    with pytest.warns(DesignWarning, match=f"'cake' is read from the file '{name}'"):
        found = read_data("cake")
    pd.testing.assert_frame_equal(found, FRAME)
    assert len(read_data("sleepstudy")) == 180


def test_several_files_that_begin_like_a_data_set_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("cake.csv", "cake.tsv"):
        write(tmp_path / name)
    with pytest.raises(DataError, match=r"write 'cake.csv' or 'cake.tsv'"):
        read_data("cake")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("sleepstud", "'sleepstud' is neither a file nor a bundled data set.*'sleepstudy'"),
        ("results", "'results' is neither a file nor a bundled data set.*'results.csv'"),
        ("result.csv", "There is no file 'result.csv'. Did you mean 'results.csv'"),
        ("zzzzzz.parquet", "There is no file 'zzzzzz.parquet'. bayesmixed datasets lists"),
        ("nowhere/results.csv", "There is no folder 'nowhere' either"),
        (".", "is a folder"),
        ("notes.docx", "does not say its format; it should end in .csv"),
        ("empty.csv", "cannot be read as CSV: No columns"),
        ("ragged.csv", "cannot be read as CSV"),
        ("binary.csv", "cannot be read as CSV"),
        ("cut.csv.gz", "cannot be read as CSV"),
        ("false.parquet", "cannot be read as PARQUET"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "results.csv")
    (tmp_path / "notes.docx").write_text("no table")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n1,2,3,4\n")
    (tmp_path / "binary.csv").write_bytes(b"a,b\n\xff\xfe\xff,2\n")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 100)[:30])
    (tmp_path / "false.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=message) as caught:
        read_data(source)
    assert "\n" not in str(caught.value)
