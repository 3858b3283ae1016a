"""Predictions of REML estimates against lme4, the teaching texts, dense algebra and the bootstrap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import linalg

import bayesmixed as bm
from bayesmixed.design import encode
from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.verbs.estimate.bootstrap import bootstrap
from bayesmixed.verbs.fitted import fitted
from bayesmixed.verbs.predict import predict
from references import LME4, SHARED, reference_frame

from .estimates import BATCH, CROSSED, SLEEP, THREE, estimated, simulated, singular, source_of

MODELS = ["gpa_intercept", "gpa_sex_highgpa", "gpa_job_factor", "dragons_nested", "penicillin_crossed"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the reference numbers do not lie beside the project")
def test_the_population_line_of_the_teaching_texts() -> None:
    gpa = reference_frame("gpa.csv")
    fit = bm.lmer("gpa ~ occasion + (1 | student)", gpa, method="reml")
    found = fit.predict(gpa.head(6)[["occasion"]], effects="fixed")["value"]
    # R's predict(re.form = NA), as printed by the text
    printed = [2.599214, 2.705529, 2.811843, 2.918157, 3.024471, 3.130786]
    np.testing.assert_allclose(found, printed, atol=5e-7)


@pytest.mark.parametrize("name", [name for name in MODELS if name in LME4])
def test_lme4(name: str) -> None:
    """lme4 1.1-31's predictions of ten rows, each looked up among ours: R orders some rows anew."""
    model = LME4[name]
    frame = reference_frame(model["data"]) if name != "penicillin_crossed" else bm.load_dataset("Penicillin")
    if name == "dragons_nested":
        length = frame["bodyLength"]
        frame["bodyLength2"] = (length - length.mean()) / length.std()
    fit = bm.lmer(model["formula"], frame, method="reml")
    ours = np.column_stack([fit.predict(frame)["value"], fit.predict(frame, effects="fixed")["value"]])
    theirs = np.column_stack([model["fitted10"], model["population10"]])
    gaps = np.min(np.max(np.abs(ours[:, None] - theirs), axis=2), axis=0)
    assert np.max(gaps) < 1e-4 * fit.sigma


@pytest.mark.parametrize("effects", ["all", "fixed"])
@pytest.mark.parametrize("formula", [SLEEP, CROSSED, BATCH, THREE])
def test_rows_of_the_fit_are_the_fitted_values(formula: str, effects: Any) -> None:
    fit = estimated(formula)
    expected = fitted(source_of(fit), effects=effects)
    pd.testing.assert_frame_equal(predict(source_of(fit), effects=effects), expected)
    again = predict(source_of(fit), fit.design.frame.sample(frac=1, random_state=1), effects=effects)
    pd.testing.assert_frame_equal(again.sort_index(), expected, rtol=1e-9)


def dense_errors(effects: list[str], new: pd.DataFrame, sampled: bool) -> np.ndarray:
    """Standard errors of predictions by the full inverse of Henderson's equations."""
    fit = estimated(THREE)
    design, optimum = fit.design, fit.optimum
    encoded = encode(design, new, new_levels="population")
    rows, asked, precision, extra = [], [], [], np.zeros(len(new))
    for i, block in enumerate(design.blocks):
        shape = (block.n_levels, block.n_effects)
        z, z_new = np.zeros((design.n_rows, *shape)), np.zeros((len(new), *shape))
        z[np.arange(design.n_rows), block.codes] = block.columns
        known = encoded.meetings[i].codes[:, 0] >= 0
        if block.group in effects:
            z_new[np.flatnonzero(known), encoded.meetings[i].codes[:, 0][known]] = encoded.columns[i][known]
            for row in np.flatnonzero(~known):
                extra[row] += encoded.columns[i][row] @ optimum.covariances[i] @ encoded.columns[i][row]
        rows.append(z.reshape(design.n_rows, -1))
        asked.append(z_new.reshape(len(new), -1))
        precision += [np.linalg.inv(optimum.covariances[i])] * block.n_levels
    t, t_new = np.hstack([*rows, design.fixed.matrix]), np.hstack([*asked, encoded.fixed])
    prior = linalg.block_diag(*precision, np.zeros((design.fixed.matrix.shape[1],) * 2))
    covariance = np.linalg.inv(t.T @ t / optimum.sigma**2 + prior)
    return np.sqrt(np.einsum("np,pq,nq->n", t_new, covariance, t_new) + sampled * extra)


@pytest.mark.parametrize("effects", [["g", "h"], ["g"], ["h"]])
@pytest.mark.parametrize("new_levels", ["population", "sample"])
def test_standard_errors_are_henderson_s(effects: list[str], new_levels: Any) -> None:
    new = simulated().iloc[[3, 70, 200, 11]].drop(columns="y").assign(g=["g0", "g7", "new", "newer"])
    new.loc[new.index[1], "h"] = "h99"
    found = predict(source_of(estimated(THREE)), new, effects=effects, new_levels=new_levels)
    expected = dense_errors(effects, new, new_levels == "sample")
    np.testing.assert_allclose(found["se"], expected, rtol=1e-7)


def test_new_levels_have_the_population_s_value() -> None:
    fit, new = estimated(SLEEP), pd.DataFrame({"Days": [0, 9], "Subject": ["new", "newer"]})
    population = predict(source_of(fit), new, effects="fixed")
    for new_levels in ("population", "sample"):
        found = predict(source_of(fit), new, new_levels=new_levels)
        np.testing.assert_allclose(found["value"], population["value"])
    np.testing.assert_allclose(
        predict(source_of(fit), new, new_levels="population")["se"], population["se"], rtol=1e-8
    )
    with pytest.raises(DataError, match="has not seen: 'new', 'newer'"):
        predict(source_of(fit), new)


def test_where_nothing_varies_the_batches_are_the_population() -> None:
    fit = singular()
    pd.testing.assert_frame_equal(
        predict(source_of(fit)), predict(source_of(fit), effects="fixed"), rtol=1e-9
    )


def test_a_response_adds_the_residual_variance_over_the_weight() -> None:
    frame = simulated().assign(w=np.linspace(0.5, 2, 360))
    fit = bm.lmer("y ~ x + (x | g)", frame, method="reml", weights="w")
    mean, response = fit.predict(), fit.predict(kind="response")
    np.testing.assert_allclose(response["se"] ** 2 - mean["se"] ** 2, fit.sigma**2 / frame["w"])
    for weights in ("w", frame["w"]):
        again = fit.predict(frame, kind="response", weights=weights)
        pd.testing.assert_frame_equal(again, response, rtol=1e-7)
    with pytest.raises(DataError, match=r"give weights="):
        fit.predict(frame, kind="response")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"effects": "Subjekt"}, "Did you mean 'Subject'?"),
        ({"kind": "linear"}, "'mean', 'link', 'response'"),
        ({"new_levels": "drop"}, "'error', 'population', 'sample'"),
        ({"prob": 95}, "prob=0.95"),
    ],
)
def test_unknown_words(options: dict[str, Any], words: str) -> None:
    with pytest.raises(BayesmixedError, match=words.replace("?", r"\?")):
        predict(source_of(estimated(SLEEP)), **options)


def test_a_population_interval_beside_the_parametric_bootstrap() -> None:
    """The teaching texts' bootMer of the population's line at new days, 1,000 refits."""
    fit, new = estimated(SLEEP), pd.DataFrame({"Days": [0, 5, 9, 14]})
    found = predict(source_of(fit), new, effects="fixed")
    refits = bootstrap(fit, 1000, seed=1)
    lines = refits.arrays.beta @ np.column_stack([np.ones(4), new["Days"]]).T
    # the error of a bootstrap sd is 1/sqrt(2 * 1000), 2.2 %; that of a 2.5 % quantile 0.085 sd
    np.testing.assert_allclose(lines.std(axis=0, ddof=1), found["se"], rtol=0.09)
    np.testing.assert_allclose(lines.mean(axis=0), found["value"], atol=4 / np.sqrt(1000) * found["se"].max())
    for q, bound in ((0.025, "lower_2.5"), (0.975, "upper_97.5")):
        gap = (np.quantile(lines, q, axis=0) - found[bound]) / found["se"]
        assert np.abs(gap).max() < 4 * 0.085
