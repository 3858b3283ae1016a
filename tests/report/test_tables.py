"""All tables of a fit at once."""

from __future__ import annotations

import pandas as pd

from bayesmixed.report import estimate_tables, result_tables


def test_every_table_is_there_under_its_verb(hostile_fit) -> None:
    tables = result_tables(hostile_fit)
    assert list(tables) == ["fixef", "varcorr", "correlations", "icc", "r2", "ranef", "priors", "diagnostics"]
    pd.testing.assert_frame_equal(tables["ranef"], hostile_fit.ranef())


def test_table_without_rows_is_left_out(large_fit) -> None:
    assert "correlations" not in result_tables(large_fit)


def test_named_index_becomes_a_column_and_a_plain_one_goes(hostile_fit) -> None:
    tables = result_tables(hostile_fit)
    assert list(tables["diagnostics"].columns) == ["quantity", "r_hat", "ess_bulk", "ess_tail"]
    assert all(isinstance(table.index, pd.RangeIndex) for table in tables.values())


def test_prob_reaches_every_interval(hostile_fit) -> None:
    for name, table in result_tables(hostile_fit, prob=0.9).items():
        assert not [column for column in table.columns if column.endswith("2.5")], name
        assert name in {"priors", "diagnostics"} or [
            column for column in table.columns if column.endswith("_5")
        ]


def test_estimates_have_the_same_tables_and_their_criteria(large_fit) -> None:
    tables = estimate_tables(large_fit.reml())
    assert list(tables) == ["fixef", "varcorr", "icc", "r2", "ranef", "glance"]
    assert {"AIC", "log_likelihood"} <= set(tables["glance"].columns)
