"""Parents of grouping factors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.design.nesting import is_nested, lineage


@pytest.mark.parametrize(
    ("fine", "coarse", "expected"),
    [
        ([0, 1, 2, 0, 1, 2], [0, 0, 1, 0, 0, 1], True),
        ([0, 1, 2, 0, 1, 2], [0, 1, 2, 0, 1, 2], True),
        ([0, 1, 2, 0, 1, 2], [0, 0, 0, 0, 0, 0], True),
        ([0, 1, 2, 0, 1, 2], [0, 0, 1, 0, 0, 0], False),
        ([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1], False),
        ([0, 1, 2, 0, 1, 2], [0, 0, 1, 1, 0, 1], False),
    ],
)
def test_nested_means_one_container_each(fine: list[int], coarse: list[int], expected: bool) -> None:
    assert is_nested(np.array(fine), np.array(coarse), 3) is expected


def rows() -> pd.DataFrame:
    """Two sites in each of three ranges, numbered anew in each range and through, met by four observers."""
    frame = pd.DataFrame({"range": np.repeat(list("pqr"), 16), "site": np.tile(np.repeat(list("ab"), 8), 3)})
    frame["through"] = frame["range"] + frame["site"]
    frame["observer"] = np.tile(list("klmn"), 12)
    frame["nest"] = frame["through"] + np.tile(np.repeat(list("12"), 4), 6)
    return frame.assign(y=np.random.default_rng(1).normal(size=48), x=np.tile(np.arange(4.0), 12))


PARENTS = [
    ("y ~ x + (1 | range/site)", {"range:site": ["range"], "range": []}),
    ("y ~ x + (1 | range) + (x | through)", {"through": ["range"], "range": []}),
    ("y ~ x + (1 | range/site/nest)", {"range:site:nest": ["range:site", "range"], "range:site": ["range"]}),
    ("y ~ x + (1 | through) + (1 | observer)", {"through": [], "observer": []}),
    ("y ~ x + (1 | range/site) + (1 | observer)", {"range:site": ["range"], "observer": []}),
    ("y ~ x + (1 | through:observer) + (1 | observer)", {"through:observer": ["observer"]}),
]


@pytest.mark.parametrize(("formula", "parents"), PARENTS)
@pytest.mark.parametrize("where", ["memory", "parquet"])
def test_parents_are_the_factors_that_do_not_differ_within_a_level(
    tmp_path: Path, where: str, formula: str, parents: dict[str, list[str]]
) -> None:
    """Of rows that lie elsewhere too, whose levels are known by the pairs that rows have."""
    data, frame = rows(), rows()
    if where == "parquet":
        pytest.importorskip("duckdb")
        frame.to_parquet(tmp_path / "rows.parquet")
        data = str(tmp_path / "rows.parquet")  # type: ignore[assignment]
    design = bm.specify(formula, data).design
    for group, expected in parents.items():
        kin = lineage(design, design.block(group))
        assert kin.groups == [group, *expected]
        labels = [np.array(block.levels)[at] for block, at in zip(kin.blocks, kin.levels, strict=True)]
        found = set(zip(*labels, strict=True))
        columns = [frame[name.split(":")].agg(":".join, axis=1) for name in kin.groups]
        assert found == set(zip(*columns, strict=True))
