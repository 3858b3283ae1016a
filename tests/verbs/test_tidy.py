"""broom.mixed's table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bayesmixed.errors import BayesmixedError
from bayesmixed.verbs import fixef, ranef, tidy, varcorr

COLUMNS = ["effect", "group", "term", "estimate", "std_error", "conf_low", "conf_high"]


def test_layout(toy: Any) -> None:
    table = tidy(toy)
    assert list(table.columns) == COLUMNS
    assert list(table[["effect", "group", "term"]].itertuples(index=False, name=None)) == [
        ("fixed", "", "Intercept"),
        ("fixed", "", "x"),
        ("ran_pars", "a", "sd__Intercept"),
        ("ran_pars", "a", "sd__x"),
        ("ran_pars", "a", "cor__Intercept.x"),
        ("ran_pars", "b", "sd__Intercept"),
        ("ran_pars", "b", "sd__z"),
        ("ran_pars", "Residual", "sd__Observation"),
    ]
    assert table.notna().all(axis=None)
    assert table.index.tolist() == list(range(8))


def test_is_the_other_tables_under_other_names(toy: Any) -> None:
    table = tidy(toy, prob=0.9)
    fixed, sds = (
        fixef(toy, prob=0.9),
        varcorr(toy, prob=0.9),
    )
    np.testing.assert_array_equal(table["estimate"].iloc[:2], fixed["value"])
    np.testing.assert_array_equal(table["conf_low"].iloc[:2], fixed["lower_5"])
    rows = table[table["term"].str.startswith("sd__")]
    np.testing.assert_array_equal(rows["estimate"], sds["sd"])
    np.testing.assert_array_equal(rows["conf_high"], sds["sd_95"])


def test_random_effects_have_a_level(toy: Any) -> None:
    table = tidy(toy, effects=("ran_vals",))
    assert list(table.columns) == [*COLUMNS[:2], "level", *COLUMNS[2:]]
    effects = ranef(toy)
    assert table["level"].tolist() == effects["group"].tolist()
    assert table["group"].tolist() == effects["group_var"].tolist()
    assert table["term"].tolist() == effects["effect"].tolist()
    np.testing.assert_array_equal(table["std_error"], effects["se"])


def test_a_single_word(toy: Any) -> None:
    assert set(tidy(toy, effects="fixed")["effect"]) == {"fixed"}  # type: ignore[arg-type]


@pytest.mark.parametrize("effects", [("random",), ("fixed", "ran_coefs")])
def test_unknown_words(toy: Any, effects: Any) -> None:
    with pytest.raises(BayesmixedError, match="ran_pars"):
        tidy(toy, effects=effects)
