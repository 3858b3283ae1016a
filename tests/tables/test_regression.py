"""Regression tables of one fit and of several."""

from __future__ import annotations

import re
from itertools import product

import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError
from bayesmixed.fits.mixed_fit import MixedFit
from bayesmixed.fits.reml_fit import RemlFit, reml_fit

SLOPES = "Reaction ~ Days + (Days | Subject)"
# Made by bayesmixed 0.1; tests/agreement holds its numbers against lme4's.
GOLDEN = """\
|                              | Estimate | Std. Error |       95% interval |        p |
|:-----------------------------|---------:|-----------:|-------------------:|---------:|
| **Fixed effects**            |          |            |                    |          |
| Intercept                    |  251.405 |      6.825 | [237.007, 265.804] |  \\<1e-16 |
| Days                         |   10.467 |      1.546 |    [7.206, 13.729] | 3.26e-06 |
| **Random effects**           |          |            |                    |          |
| Subject sd(Intercept)        |    24.74 |            |                    |          |
| Subject sd(Days)             |    5.922 |            |                    |          |
| Subject cor(Intercept, Days) |    0.066 |            |                    |          |
| Residual sd                  |    25.59 |            |                    |          |
| **Model**                    |          |            |                    |          |
| Method                       |     REML |            |                    |          |
| Observations                 |      180 |            |                    |          |
| Groups: Subject              |       18 |            |                    |          |
| ICC: Subject                 |    0.722 |            |                    |          |
| R2: marginal                 |    0.279 |            |                    |          |
| R2: conditional              |    0.799 |            |                    |          |
| Log likelihood               |   -871.8 |            |                    |          |
| AIC                          |   1755.6 |            |                    |          |
| BIC                          |   1774.8 |            |                    |          |

REML: estimates, standard errors, 95% intervals by Satterthwaite's method."""


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    return bm.load_dataset("sleepstudy")


@pytest.fixture(scope="module")
def reml(sleep: pd.DataFrame) -> RemlFit:
    return bm.lmer(SLOPES, sleep, method="reml")


@pytest.fixture(scope="module")
def intercepts(sleep: pd.DataFrame) -> RemlFit:
    return bm.lmer("Reaction ~ 1 + (1 | Subject)", sleep, method="reml")


@pytest.fixture(scope="module")
def bayes(sleep: pd.DataFrame) -> MixedFit:
    return bm.lmer(SLOPES, sleep, draws=500, chains=2, seed=1)


def test_sleepstudy_by_reml_as_markdown(reml: RemlFit) -> None:
    assert reml.to_markdown() == GOLDEN


def test_methods_write_what_the_table_writes(reml: RemlFit) -> None:
    table = reml.table(prob=0.9, caption="C")
    assert reml.to_markdown(prob=0.9, caption="C") == table.to_markdown()
    assert reml.to_latex(prob=0.9, caption="C", label="l") == table.to_latex(label="l")
    assert reml.to_html(prob=0.9, caption="C") == table.to_html()
    assert "90% interval" in table.to_html()


def test_posterior_has_intervals_everywhere_and_no_p(bayes: MixedFit) -> None:
    frame = bayes.table().to_frame()
    assert "p" not in frame
    assert frame.loc[frame["part"] != "Model", "95% interval"].str.fullmatch(r"\[\S+, \S+\]").all()
    days = bayes.fixef().set_index("term").loc["Days"]
    row = frame.set_index("row").loc["Days"]
    assert float(row["Estimate"]) == pytest.approx(days["value"], abs=5e-3)
    assert float(row["Est.Error"]) == pytest.approx(days["se"], abs=5e-3)


def test_loo_is_computed_only_on_request(bayes: MixedFit) -> None:
    assert "leave-one-out" not in str(bayes.table())


def test_each_model_has_its_column_and_each_term_its_row(
    reml: RemlFit, intercepts: RemlFit, bayes: MixedFit
) -> None:
    frame = bm.models_table({"m0": intercepts, "m1": reml, "b": bayes}).to_frame()
    assert frame.columns.tolist() == ["part", "row", "m0", "m1", "b"]
    fixed = frame[frame["part"] == "Fixed effects"]
    assert fixed["row"].tolist() == ["Intercept", "", "Days", ""]
    assert fixed["m0"].tolist()[2:] == ["", ""]
    assert fixed["m1"].tolist() == ["251.405", "(6.825)", "10.467", "(1.546)"]
    rows = frame.set_index("row")
    assert rows.loc["Method", ["m0", "m1", "b"]].tolist() == ["REML", "REML", "Bayes"]
    assert rows.loc["AIC", "b"] == ""


def test_residual_stays_behind_the_effects_that_only_some_models_have(
    reml: RemlFit, intercepts: RemlFit
) -> None:
    frame = bm.models_table([intercepts, reml]).to_frame()
    assert frame.loc[frame["part"] == "Random effects", "row"].tolist() == [
        "Subject sd(Intercept)",
        "Subject sd(Days)",
        "Subject cor(Intercept, Days)",
        "Residual sd",
    ]


@pytest.mark.parametrize(
    ("beneath", "pattern"), [("se", r"\(\S+\)"), ("interval", r"\[\S+, \S+\]"), ("nothing", None)]
)
def test_what_stands_beneath(beneath: str, pattern: str | None, reml: RemlFit) -> None:
    frame = bm.models_table([reml], beneath=beneath).to_frame()
    below = frame.loc[frame["row"] == "", "(1)"].tolist()
    assert len(below) == (0 if pattern is None else 2)
    assert all(re.fullmatch(pattern or "", cell) for cell in below)


def test_likelihoods_that_cannot_be_compared_are_named(reml: RemlFit, intercepts: RemlFit) -> None:
    warning = "cannot be compared"
    assert warning in str(bm.models_table([reml, intercepts]))
    assert warning not in str(bm.models_table([reml, reml]))
    by_ml = [reml_fit(fit.spec, "ml") for fit in (reml, intercepts)]
    assert warning not in str(bm.models_table(by_ml))


@pytest.mark.parametrize("name", ["a_b", "50%", "x < y"])
def test_labels_are_printed_and_escaped(name: str, reml: RemlFit) -> None:
    table = bm.models_table({name: reml}, labels={"Days": name})
    assert name in table.to_frame()["row"].tolist()
    assert name in table.to_frame().columns
    for escaped, text in ((r"\_", table.to_latex()), (r"\%", table.to_latex()), ("&lt;", table.to_html())):
        if (escaped[-1] if escaped[0] == "\\" else "<") in name:
            assert text.count(escaped) >= 2


@pytest.mark.parametrize(("as_what", "n"), list(product(("to_markdown", "to_latex", "to_html"), (1, 3))))
def test_every_format_has_every_number(as_what: str, n: int, reml: RemlFit) -> None:
    text = getattr(bm.models_table([reml] * n), as_what)()
    assert text.count("251.405") == text.count("(1.546)") == text.count("1755.6") == n


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fits": []}, "at least one fit"),
        ({"fits": {"a": "no fit"}}, "got str"),
        ({"labels": {"days": "D"}}, "Did you mean 'Days'"),
        ({"beneath": "sd"}, "beneath='sd'"),
        ({"prob": 2.0}, "prob"),
    ],
)
def test_mistakes_are_named(arguments: dict[str, object], message: str, reml: RemlFit) -> None:
    with pytest.raises(BayesmixedError, match=message):
        bm.models_table(**({"fits": [reml]} | arguments))


def test_table_of_something_else_is_refused() -> None:
    with pytest.raises(BayesmixedError, match="got int"):
        bm.table(3)


def test_table_of_a_frame_is_that_of_its_verb(reml: RemlFit) -> None:
    frame = bm.table(reml.ranef()).to_frame()
    assert len(frame) == 36
    assert frame.columns.tolist() == ["group_var", "effect", "group", "value", "se", "95% interval"]


def test_two_coefficients_have_two_names() -> None:
    fit = bm.lmer("Reaction ~ Days + (1 | Subject)", bm.load_dataset("sleepstudy"), method="reml")
    with pytest.raises(bm.BayesmixedError, match="one name, 'Days'"):
        bm.models_table({"m": fit}, labels={"Intercept": "Days"})


@pytest.mark.parametrize("name", ["row", "part", "m"])
def test_no_name_of_a_model_replaces_the_names_of_rows(name: str) -> None:
    fit = bm.lmer("Reaction ~ Days + (1 | Subject)", bm.load_dataset("sleepstudy"), method="reml")
    table = bm.models_table({name: fit}).to_frame()
    assert list(table.columns) == ["part", "row", name]
    assert table.iloc[0, 1] == "Intercept"
    pd.testing.assert_frame_equal(bm.models_table(fit).to_frame().iloc[:, :2], table.iloc[:, :2])


def test_one_term_has_one_row_however_each_formula_spells_it() -> None:
    cake = bm.load_dataset("cake")
    formulas = (
        "angle ~ temp*recipe + (1 | recipe:replicate)",
        "angle ~ recipe*temp + (1 | replicate:recipe)",
    )
    one, other = (bm.lmer(formula, cake, method="ml") for formula in formulas)
    table = bm.models_table(
        [one, other], beneath="nothing", labels={"recipe[T.B]:temp": "B, a degree"}
    ).to_frame()
    named = table.set_index("row")[["(1)", "(2)"]]
    assert (named["(1)"] == named["(2)"]).all()
    assert "B, a degree" in named.index
    assert list(named.index).count("temp:recipe[T.C]") == 1
    assert "recipe:replicate sd(Intercept)" in named.index
    with pytest.raises(BayesmixedError, match="'recipe:temp', which is not a coefficient"):
        bm.models_table([one, other], labels={"recipe:temp": "slope"})
