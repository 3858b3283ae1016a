"""The attributes that maketables 0.2 reads from a fit (its PluginExtractor), and the package itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.fits.mixed_fit import MixedFit
from bayesmixed.fits.reml_fit import RemlFit

FORMULA = "Yield ~ 1 + (1 | Batch)"


@pytest.fixture(scope="module")
def reml() -> RemlFit:
    return bm.lmer(FORMULA, bm.load_dataset("Dyestuff"), method="reml")


@pytest.fixture(scope="module")
def bayes() -> MixedFit:
    return bm.lmer(FORMULA, bm.load_dataset("Dyestuff"), draws=500, chains=2, seed=1)


@pytest.fixture(scope="module", params=["reml", "bayes"])
def fit(request: pytest.FixtureRequest) -> MixedFit | RemlFit:
    return request.getfixturevalue(request.param)


def test_coefficient_table_keeps_the_contract(fit: MixedFit | RemlFit) -> None:
    table = fit.__maketables_coef_table__
    assert isinstance(table, pd.DataFrame)
    assert table.index.name == "Coefficient"
    assert table.index.tolist() == ["Intercept"]
    assert table.columns.tolist() == ["b", "se", "t", "p", "ci95l", "ci95u", "ci90l", "ci90u"]
    row = table.loc["Intercept"]
    assert row["ci95l"] < row["ci90l"] < row["b"] < row["ci90u"] < row["ci95u"]


def test_posterior_has_no_p_value_and_so_no_stars(bayes: MixedFit, reml: RemlFit) -> None:
    assert np.isnan(bayes.__maketables_coef_table__.loc["Intercept", ["t", "p"]].astype(float)).all()
    assert reml.__maketables_coef_table__.loc["Intercept", "p"] < 1e-5


def test_statistics_have_keys_labels_and_values(fit: MixedFit | RemlFit) -> None:
    keys = fit.__maketables_default_stat_keys__
    assert isinstance(keys, list)
    assert {"N", "r2", "Residual sd", "Groups: Batch", "ICC: Batch"} <= set(keys)
    assert list(fit.__maketables_stat_labels__) == keys
    assert all(fit.__maketables_stat__(key) is not None for key in keys)
    assert fit.__maketables_stat__("N") == 30
    assert fit.__maketables_stat__("nothing") is None


def test_likelihood_belongs_to_the_estimate_alone(bayes: MixedFit, reml: RemlFit) -> None:
    assert reml.__maketables_stat__("ll") == pytest.approx(reml.log_likelihood())
    assert reml.__maketables_stat__("aic") == pytest.approx(reml.aic())
    assert bayes.__maketables_stat__("ll") is None


def test_response_and_kind_of_error_are_named(bayes: MixedFit, reml: RemlFit) -> None:
    assert bayes.__maketables_depvar__ == reml.__maketables_depvar__ == "Yield"
    assert bayes.__maketables_fixef_string__ is None
    assert bayes.__maketables_vcov_info__ == {"vcov_type": "posterior sd"}
    assert reml.__maketables_stat__("se_type") == "REML"


def test_the_package_accepts_both(bayes: MixedFit, reml: RemlFit) -> None:
    maketables = pytest.importorskip("maketables")
    text = maketables.ETable([reml, bayes]).make(type="tex")
    assert "Yield" in text
    assert f"{reml.sigma:.3f}" in text
