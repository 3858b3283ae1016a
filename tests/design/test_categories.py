"""Which orders of levels count as declared."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from bayesmixed.design.build import build_design
from bayesmixed.design.frame import MOST_DECLARED, declared_in_files
from bayesmixed.design.remote.aggregate import aggregate_design
from bayesmixed.formula import parse_formula

MOST = ["b", "a", *map(str, range(MOST_DECLARED - 2))]


def write(folder: Path, *orders: list[str], ordered: bool = True, name: str = "f") -> list[str]:
    """Files with the levels b and a, each declaring an order."""
    paths = []
    for place, order in enumerate(orders):
        frame = pd.DataFrame({name: pd.Categorical(["b", "a"] * 6, categories=order, ordered=ordered)})
        frame = frame.assign(y=[float(i * i % 7) for i in range(12)], g=list("uuvvww") * 2)
        paths.append(str(folder / f"{place}.parquet"))
        frame.to_parquet(paths[-1], index=False)
    return paths


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([["b", "z", "a"]], {"f": ["b", "z", "a"]}),
        ([["b", "z", "a"], ["b", "z", "a"]], {"f": ["b", "z", "a"]}),
        ([["b", "z", "a"], ["b", "a"]], {}),
        ([["b", "a"], ["a", "b"], ["b", "a"]], {}),
        ([MOST], {"f": MOST}),
        ([[*MOST, "z"]], {}),
    ],
)
def test_files_declare_what_all_of_them_say(
    orders: list[list[str]], expected: dict[str, list[str]], ordered: bool, tmp_path: Path
) -> None:
    assert declared_in_files(write(tmp_path, *orders, ordered=ordered)) == expected


def test_what_nobody_declares(tmp_path: Path) -> None:
    text, seen, numbers, empty, broken = paths = [str(tmp_path / f"{place}.parquet") for place in range(5)]
    parquet.write_table(pa.table({"f": ["b", "a"]}), text)
    parquet.write_table(pa.table({"f": pa.array(["b", "a"]).dictionary_encode()}), seen)
    pd.DataFrame({"f": pd.Categorical([2, 1], categories=[2, 1], ordered=True)}).to_parquet(numbers)
    pd.DataFrame({"f": pd.Categorical([], categories=["b", "a"])}).to_parquet(empty)
    Path(broken).write_bytes(b"PAR1")
    assert [declared_in_files([path]) for path in paths] == [{}] * 5
    assert declared_in_files([]) == {}


@pytest.mark.parametrize("name", ["f", "my f", 'say "f"', "f'"])
def test_names_and_levels_of_any_characters(name: str, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    levels = ["it's", 'a "b"', "b"]
    frame = pd.DataFrame({name: pd.Categorical(levels * 4, categories=levels), "g": list("uuvvww") * 2})
    frame = frame.assign(y=[float(i * i % 7) for i in range(12)])
    frame.to_parquet(tmp_path / "rows.parquet")
    parsed = parse_formula(f"y ~ `{name}` + (1 | g)")
    terms = aggregate_design(parsed, tmp_path / "rows.parquet").fixed.terms
    assert terms == build_design(parsed, frame).fixed.terms
    assert terms == ("Intercept", f'{name}[T.a "b"]', f"{name}[T.b]")


def test_a_folder_of_files_that_disagree_is_sorted(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    parsed = parse_formula("y ~ f + (1 | g)")
    write(tmp_path, ["b", "a"], ["b", "a"])
    assert aggregate_design(parsed, tmp_path).fixed.terms == ("Intercept", "f[T.a]")
    write(tmp_path, ["b", "a"], ["a", "b"])
    assert aggregate_design(parsed, tmp_path).fixed.terms == ("Intercept", "f[T.b]")
