"""All tables of a fit at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.engines.records import RunInfo
from bayesmixed.posterior.diagnostics import Diagnosis
from bayesmixed.report import estimate_tables, report_html, result_tables
from bayesmixed.tables.fit_rows import fit_rows
from verbs.family_models import simulated


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


@pytest.mark.parametrize(("name", "has_mean"), [("zero_inflated_poisson", True), ("vonmises", False)])
def test_a_family_of_bambis_alone_has_all_tables_but_the_shares(name: str, has_mean: bool) -> None:
    draws, spec = simulated(name)
    run = RunInfo(engine="pymc", plan=(), draws=60, tune=5, chains=1, thin=1, seed=1, seconds=0.1)
    good = Diagnosis(
        quantities=("beta[x]",),
        r_hat=np.ones(1),
        ess_bulk=np.full(1, 800.0),
        ess_tail=np.full(1, 800.0),
        divergences=0,
        n_chains=1,
        n_draws=60,
    )
    fit = bm.MixedFit(spec=spec, draws=draws, run=run, diagnosis=good)
    assert "icc" not in result_tables(fit)
    assert "r2" not in result_tables(fit)
    assert {row.label for row in fit_rows(fit)} >= {"Method", "Observations"}
    assert ("Scaled residuals" in str(fit)) is has_mean
    if not has_mean:
        assert "Data and fit" not in report_html(fit)
