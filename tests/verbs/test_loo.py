"""Leave-one-out by rows against ArviZ, and by groups against actual refits."""

from __future__ import annotations

from functools import cache
from typing import Any

import arviz_stats
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import logsumexp

from bayesmixed.datasets import load_dataset
from bayesmixed.engines.collapsed.leave_group_out import GroupDensities
from bayesmixed.errors import ConvergenceWarning, DataError, PriorError
from bayesmixed.fits.lmer import lmer
from bayesmixed.fits.specify import specify
from bayesmixed.priors.choice import prior
from bayesmixed.verbs.logo import _warn_if_bad, group_codes
from bayesmixed.verbs.loo import loo
from bayesmixed.verbs.marginal_likelihood import log_marginal_likelihood
from bayesmixed.verbs.summaries import draw_matrix

SLOPES = "Reaction ~ Days + (Days | Subject)"


def elpd_table(elpd: Any) -> pd.DataFrame:
    """Tabulate what every row or group adds to an expected log predictive density."""
    (dim,) = elpd.elpd_i.dims
    return pd.DataFrame(
        {
            str(dim): np.asarray(elpd.elpd_i[dim]),
            "elpd": np.asarray(elpd.elpd_i),
            "pareto_k": np.asarray(elpd.pareto_k),
        }
    )


@cache
def dyestuff() -> Any:
    return lmer("Yield ~ 1 + (1 | Batch)", load_dataset("Dyestuff"), seed=1)


@cache
def sleep() -> Any:
    return lmer(SLOPES, load_dataset("sleepstudy"), seed=1)


@cache
def by_subject() -> pd.DataFrame:
    return elpd_table(loo(sleep().draws, sleep().spec, group="Subject")).set_index("Subject")


def refit_without(subject: str) -> tuple[Any, pd.DataFrame]:
    """The same model, with the same priors in numbers, on the other subjects; and the subject's rows."""
    data, p = load_dataset("sleepstudy"), sleep().spec.priors
    priors = {
        "Intercept": p.coefficients[0],
        "Days": p.coefficients[1],
        "sd_Subject[Intercept]": p.sd[0][0],
        "sd_Subject[Days]": p.sd[0][1],
        "corr_Subject": p.correlation[0]["us"],
        "sigma": p.parameters["sigma"],
    }
    out = data["Subject"] == subject
    return lmer(SLOPES, data[~out], priors=priors, seed=2, adapt=False), data[out]


def log_densities_of_new_subject(fit: Any, rows: pd.DataFrame) -> np.ndarray:
    """log p(y_g | coefficients, theta) of every draw, the subject's own effects integrated out, densely."""
    X = np.column_stack([np.ones(len(rows)), rows["Days"]])
    variables = ("beta", "sd_Subject", "corr_Subject", "sigma")
    beta, sd, corr, sigma = (draw_matrix(fit.draws, variable) for variable in variables)
    covariance = sd[:, :, None] * corr * sd[:, None, :]
    noise = sigma[:, None, None] ** 2 * np.eye(len(rows))
    factor = np.linalg.cholesky(X @ covariance @ X.T + noise)
    residual = rows["Reaction"].to_numpy() - beta @ X.T
    white = np.linalg.solve(factor, residual[..., None])[..., 0]
    log_root = np.sum(np.log(np.diagonal(factor, axis1=1, axis2=2)), axis=1)
    return np.asarray(stats.norm.logpdf(white).sum(axis=1) - log_root)


@pytest.mark.parametrize("subject", ["309", "333", "369"])
def test_a_subject_left_out_agrees_with_a_refit(subject: str) -> None:
    logs = log_densities_of_new_subject(*refit_without(subject))
    refitted = logsumexp(logs) - np.log(len(logs))
    chunks = np.exp(logs - logs.max()).reshape(40, -1).mean(axis=1)
    error = np.hypot(chunks.std(ddof=1) / chunks.mean() / 40**0.5, 0.03)
    assert abs(by_subject().loc[subject, "elpd"] - refitted) < 4 * error
    assert error < 0.06


@pytest.mark.parametrize("subject", ["308", "332"])
def test_an_influential_subject_agrees_with_a_refit(subject: str) -> None:
    """Draws without it hardly know it: its density is the ratio of two marginal likelihoods."""
    fit, _ = refit_without(subject)
    whole = log_marginal_likelihood(sleep().draws, sleep().spec, seed=1)
    without = log_marginal_likelihood(fit.draws, fit.spec, seed=2)
    assert by_subject().loc[subject, "elpd"] == pytest.approx(whole.value - without.value, abs=0.13)


def test_groups_sum_to_the_elpd() -> None:
    found = loo(sleep().draws, sleep().spec, group="`Subject`")
    table = elpd_table(found)
    assert list(table.columns) == ["Subject", "elpd", "pareto_k"]
    assert table["Subject"].tolist() == list(sleep().spec.design.blocks[0].levels)
    assert found.elpd == pytest.approx(table["elpd"].sum())
    assert found.se == pytest.approx(18**0.5 * table["elpd"].std(ddof=1))
    assert (table["pareto_k"] < 0.7).all()
    assert not found.warning
    assert "18 observations" in str(found)


def test_any_column_can_be_left_out() -> None:
    """Nothing but the column's partition of the rows matters: a copy of the factor gives its numbers."""
    fit = sleep()
    frame = load_dataset("sleepstudy").assign(who=lambda d: "s" + d["Subject"])
    copied = lmer(SLOPES, frame, seed=1)
    table = elpd_table(loo(copied.draws, copied.spec, group="who"))
    assert table["who"].tolist() == [f"s{level}" for level in fit.spec.design.blocks[0].levels]
    np.testing.assert_allclose(table["elpd"], by_subject()["elpd"], rtol=1e-9)


def test_one_row_each_is_left_out_exactly() -> None:
    """Rows as groups: the density given theta alone agrees with ArviZ's of the conditional likelihood."""
    frame = load_dataset("Dyestuff").assign(row=lambda d: [f"r{i:02}" for i in range(len(d))])
    fit = lmer("Yield ~ 1 + (1 | Batch)", frame, seed=1)
    integrated = elpd_table(loo(fit.draws, fit.spec, group="row"))["elpd"]
    conditional = elpd_table(loo(fit.draws, fit.spec))["elpd"]
    np.testing.assert_allclose(integrated, conditional, atol=0.15)
    assert integrated.sum() == pytest.approx(conditional.sum(), abs=0.5)


def test_rows_are_arviz() -> None:
    fit = dyestuff()
    ours = loo(fit.draws, fit.spec)
    theirs = arviz_stats.loo(fit.add_groups("log_likelihood"), pointwise=True)
    assert (ours.elpd, ours.se, ours.p) == pytest.approx((theirs.elpd, theirs.se, theirs.p))
    table = elpd_table(ours)
    assert list(table.columns) == ["row", "elpd", "pareto_k"]
    assert table["row"].tolist() == list(fit.spec.design.frame.index)
    assert table["elpd"].sum() == pytest.approx(ours.elpd)


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("subject", "no grouping factor or column 'subject'.*Did you mean 'Subject'"),
        ("const", "'const' has one level"),
        ("holes", "'holes' has missing values"),
    ],
)
def test_groups_that_cannot_be_left_out(group: str, words: str) -> None:
    frame = load_dataset("sleepstudy").assign(const="a", holes=["x", None] * 90)
    with pytest.raises(DataError, match=words):
        loo(sleep().draws, specify(SLOPES, frame), group=group)


def test_flat_coefficients_need_the_other_groups() -> None:
    frame = load_dataset("sleepstudy").assign(only=lambda d: (d["Subject"] == "308") * 1.0)
    spec = specify("Reaction ~ only + (1 | Subject)", frame, priors={"only": prior("Flat")})
    with pytest.raises(PriorError, match="Without Subject '308'"):
        loo(sleep().draws, spec, group="Subject")


def test_levels_and_codes_of_a_factor_are_the_models(toy: Any) -> None:
    labels, codes = group_codes(toy.spec.design, "b")
    assert labels == toy.spec.design.block("b").levels
    np.testing.assert_array_equal(codes, toy.spec.design.block("b").codes)


def test_a_bad_tail_is_said() -> None:
    found = GroupDensities(
        held_out=np.zeros(2), se=np.ones(2), seen=np.ones(2), pareto_k=np.array([0.2, 0.9]), n_points=1
    )
    with pytest.warns(ConvergenceWarning, match="density of g b given the others"):
        _warn_if_bad("g", ("a", "b"), found)
