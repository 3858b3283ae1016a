"""Fixed effects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bayesmixed.verbs import fixef
from bayesmixed.verbs.sources import Posterior


def test_columns(toy: Any) -> None:
    columns = ["term", "value", "se", "lower_2.5", "upper_97.5", "p_direction"]
    assert list(fixef(toy).columns) == columns
    assert list(fixef(toy, prob=0.9).columns)[3:5] == [
        "lower_5",
        "upper_95",
    ]


def test_values(toy: Any) -> None:
    table = fixef(toy, prob=0.8).set_index("term")
    beta = toy.draws["posterior"]["beta"].stack(sample=("chain", "draw"))
    for term in ("Intercept", "x"):
        column = beta.sel(term=term).to_numpy()
        row = table.loc[term]
        assert row["value"] == pytest.approx(np.median(column))
        assert row["se"] == pytest.approx(column.std(ddof=1))
        assert row["lower_10"] == pytest.approx(np.quantile(column, 0.1))
        assert row["upper_90"] == pytest.approx(np.quantile(column, 0.9))
        assert row["p_direction"] == pytest.approx(max((column > 0).mean(), (column < 0).mean()))


def test_direction_is_a_share_of_at_least_half(toy: Any) -> None:
    direction = fixef(toy)["p_direction"]
    assert direction.between(0.5, 1).all()


def test_order_of_the_dimensions_does_not_matter(toy: Any) -> None:
    turned = toy.draws.copy()
    turned["posterior"] = turned["posterior"].to_dataset().transpose("term", "draw", "chain", ...)
    np.testing.assert_array_equal(
        fixef(Posterior(turned, toy.spec))["value"],
        fixef(toy)["value"],
    )
