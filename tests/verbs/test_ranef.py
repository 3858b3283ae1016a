"""Random effects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.errors import DataError
from bayesmixed.verbs import ranef

COLUMNS = ["group_var", "effect", "group", "value", "se", "lower_2.5", "upper_97.5"]


def test_layout(toy: Any) -> None:
    table = ranef(toy)
    assert list(table.columns) == COLUMNS
    expected = [
        (block.group, effect, level)
        for block in toy.spec.design.blocks
        for effect in block.effects
        for level in block.levels
    ]
    assert list(table[COLUMNS[:3]].itertuples(index=False, name=None)) == expected


def test_values_belong_to_their_labels(toy: Any) -> None:
    posterior = toy.draws["posterior"]
    for row in ranef(toy).itertuples():
        name = row.group_var
        draws = posterior[f"ranef_{name}"].sel({name: row.group, f"{name}_effect": row.effect})
        assert row.value == pytest.approx(np.median(draws))
        assert row.se == pytest.approx(draws.to_numpy().std(ddof=1))


def test_one_grouping_factor(toy: Any) -> None:
    table = ranef(toy, group="b")
    every = ranef(toy)
    pd.testing.assert_frame_equal(table, every[every["group_var"] == "b"].reset_index(drop=True))


def test_unknown_grouping_factor(toy: Any) -> None:
    with pytest.raises(DataError, match=r"no grouping factor 'B'.*Did you mean 'b'\?"):
        ranef(toy, group="B")


def test_teaching_text_students(at_lme4: Callable[[str], Any]) -> None:
    # mixedup on lme4, as printed: reference/teaching_texts.md
    fit = at_lme4("gpa_intercept")
    table = ranef(fit).set_index("group")["value"]
    assert table.loc[["1", "2", "3", "4", "5"]].round(3).tolist() == [-0.071, -0.216, 0.088, -0.187, 0.030]
