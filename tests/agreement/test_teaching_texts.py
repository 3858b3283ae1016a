"""Every number that the four teaching texts print, on their own data: reference/teaching_texts.md.

Tolerances are half a unit of the last digit printed; posterior means are asked to lie within half a posterior
standard deviation of the REML estimate, and REML's standard deviations inside the posterior's intervals.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from references import LME4, reference_frame

pytestmark = pytest.mark.skipif(not LME4, reason="the references do not lie beside the project")

FORMULAS = {
    "gpa": ("gpa.csv", "gpa ~ occasion + (1 | student)"),
    "sleepstudy": ("sleepstudy.csv", "Reaction ~ Days + (Days | Subject)"),
    "dragons_range": ("dragons.csv", "testScore ~ scale(bodyLength) + (1 | mountainRange)"),
    "dragons": ("dragons.csv", "testScore ~ scale(bodyLength) + (1 | mountainRange/site)"),
    "netherlands": (
        "netherlands-students.csv + netherlands-schools.csv on school_id",
        "language_post ~ 1 + verbal_iq + (1 | school_id)",
    ),
    "nba": (
        "nba-player-data.csv + nba-team-data.csv on team",
        "life_satisfaction ~ 1 + success + (1 | team)",
    ),
}


def reml(name: str) -> bm.RemlFit:
    data, formula = FORMULAS[name]
    return bm.lmer(formula, reference_frame(data), method="reml")


def printed(values: object, text: list[str]) -> None:
    """Values agree with printed numbers to half a unit of their last digit."""
    numbers = np.asarray(values, dtype=float).ravel()
    assert len(numbers) == len(text)
    for number, digits in zip(numbers, text, strict=True):
        decimals = len(digits.partition(".")[2])
        assert number == pytest.approx(float(digits), abs=0.5001 * 10.0**-decimals), digits


class TestGrades:
    def test_coefficients(self) -> None:
        table = reml("gpa").fixef().set_index("term")
        printed(table.loc["Intercept", ["value", "se", "t"]], ["2.599", "0.022", "119.8"])
        printed(table.loc["occasion", ["value", "se", "t"]], ["0.106", "0.004", "26.096"])

    def test_wald_intervals(self) -> None:
        table = reml("gpa").confint(method="wald").set_index("parameter")
        printed(table.loc["Intercept", ["lower_2.5", "upper_97.5"]], ["2.557", "2.642"])
        printed(table.loc["occasion", ["lower_2.5", "upper_97.5"]], ["0.098", "0.114"])

    def test_variance_components_in_the_texts_columns(self) -> None:
        table = reml("gpa").varcorr()
        columns = ["group", "effect", "variance", "sd", "sd_2.5", "sd_97.5", "var_prop"]
        assert list(table.columns) == columns
        printed(table.iloc[0, 2:], ["0.064", "0.252", "0.225", "0.282", "0.523"])
        printed(table.iloc[1, 2:], ["0.058", "0.241", "0.231", "0.252", "0.477"])
        printed(reml("gpa").icc()["icc"], ["0.52"])

    def test_random_effects_in_the_texts_columns(self) -> None:
        table = reml("gpa").ranef().set_index("group", drop=False)
        columns = ["group_var", "effect", "group", "value", "se", "lower_2.5", "upper_97.5"]
        assert list(table.columns) == columns
        first = table.loc[["1", "2", "3", "4", "5"]]
        printed(first["value"], ["-0.071", "-0.216", "0.088", "-0.187", "0.030"])
        printed(first["se"], ["0.092"] * 5)
        printed(table.loc["1", ["lower_2.5", "upper_97.5"]], ["-0.251", "0.109"])

    def test_coefficients_of_students(self) -> None:
        """The text adds two rounded numbers, and their standard errors as if they were independent."""
        table = reml("gpa").coef().query("effect == 'Intercept'").set_index("group")
        added = [2.528, 2.383, 2.687, 2.412, 2.629]
        np.testing.assert_allclose(table.loc[["1", "2", "3", "4", "5"], "value"], added, atol=1.001e-3)
        assert table.loc["1", "se"] == pytest.approx(0.0923, abs=5e-5)

    def test_population_predictions(self) -> None:
        new = pd.DataFrame({"occasion": range(6)})
        values = reml("gpa").predict(new, effects="fixed")["value"]
        printed(values, ["2.599214", "2.705529", "2.811843", "2.918157", "3.024471", "3.130786"])

    def test_exercise_student_predictors_explain_student_variance(self) -> None:
        data = reference_frame("gpa.csv")
        fit = bm.lmer("gpa ~ occasion + sex + highgpa + (1 | student)", data, method="reml")
        printed([fit.varcorr()["variance"][0]], ["0.0559"])
        printed([reml("gpa").varcorr()["variance"][0]], ["0.0637"])

    def test_complete_pooling(self) -> None:
        table = bm.pooling(*reversed(_data("gpa")), method="reml").table()
        complete = table[table["group"] == "1"].set_index("effect")["complete"]
        printed(complete[["Intercept", "occasion"]], ["2.599", "0.106"])


def _data(name: str) -> tuple[pd.DataFrame, str]:
    data, formula = FORMULAS[name]
    return reference_frame(data), formula


class TestWorkshop:
    def test_slope_variance(self) -> None:
        smaller = bm.lmer("Reaction ~ Days + (1 | Subject)", reference_frame("sleepstudy.csv"), method="reml")
        row = bm.anova(smaller, reml("sleepstudy"), refit=False).iloc[1]
        printed([row["Chisq"]], ["42.84"])
        assert row["p_mixture"] == pytest.approx(2.79e-10, rel=2e-3)


class TestDragons:
    def test_pooled_slope_is_an_artefact(self) -> None:
        data, formula = _data("dragons_range")
        table = bm.pooling(formula, data, method="reml").table()
        slopes = table[table["effect"] == "scale(bodyLength)"].iloc[0]
        printed([slopes["complete"], slopes["none"]], ["8.996", "0.205"])

    def test_forty_eight_parameters(self) -> None:
        data, _ = _data("dragons")
        formula = "testScore ~ scale(bodyLength) + (scale(bodyLength) | mountainRange:site)"
        models = bm.pooling(formula, data, method="reml").models().set_index("model")
        assert models.loc["lines", "coefficients"] == 48

    def test_variances(self) -> None:
        table = reml("dragons_range").varcorr()
        printed(table["variance"], ["339.7", "223.8"])
        printed([table["var_prop"][0]], ["0.60"])
        nested = reml("dragons").varcorr().set_index("group")["sd"]
        printed(nested[["mountainRange", "mountainRange:site", "Residual"]], ["18.099", "4.805", "14.442"])

    def test_explicit_nesting_is_the_same_model(self) -> None:
        data, _ = _data("dragons")
        data["sample"] = data["mountainRange"] + data["site"]
        formula = "testScore ~ scale(bodyLength) + (1 | mountainRange) + (1 | sample)"
        explicit = bm.lmer(formula, data, method="reml")
        assert explicit.ngrps()["sample"] == 24
        assert explicit.deviance() == pytest.approx(reml("dragons").deviance(), abs=1e-8)

    def test_implicit_nesting_warns(self) -> None:
        data, _ = _data("dragons")
        formula = "testScore ~ scale(bodyLength) + (1 | mountainRange) + (1 | site)"
        with pytest.warns(bm.DesignWarning, match=r"mountainRange/site|mountainRange:site"):
            bm.lmer(formula, data, method="reml")

    def test_slope_dropped(self) -> None:
        row = reml("dragons").drop1().iloc[1]
        printed([row["LRT"], row["p_value"]], ["0.287", "0.592"])


class TestSchools:
    def test_joined_sizes(self) -> None:
        data, _ = _data("netherlands")
        assert len(data) == 2287
        assert reml("netherlands").ngrps()["school_id"] == 131

    def test_pooling(self) -> None:
        data, formula = _data("netherlands")
        table = bm.pooling(formula, data, method="reml", no_pooling="lines").table()
        wide = table.set_index(["group", "effect"])
        complete = wide.loc["1", "complete"]
        printed(complete[["Intercept", "verbal_iq"]], ["40.934849", "2.653896"])
        assert len(table) == 262
        lines = {"1": ["39.8", "2.24"], "2": ["27.4", "1.28"], "10": ["38.1", "5.76"]}
        for school, text in lines.items():
            printed(wide.loc[school, "none"][["Intercept", "verbal_iq"]], text)

    def test_mixed_model(self) -> None:
        fit = reml("netherlands")
        printed(fit.fixef()["value"], ["40.608232", "2.487591"])
        table = fit.ranef().set_index("group")["value"]
        expected = {
            "1": -0.37573940, "2": -6.04469893, "10": -3.66481710, "12": -2.91463441, "15": -5.74351132,
        }  # fmt: skip
        np.testing.assert_allclose(table[list(expected)], list(expected.values()), atol=2e-4)


class TestTeams:
    def test_mixed_model(self) -> None:
        fit = reml("nba")
        printed(fit.fixef()["value"], ["11.574601", "1.666015"])
        teams = fit.ranef().set_index("group")["value"]
        expected = {
            "Atlanta Hawks": "2.747", "Boston Celtics": "5.359", "Brooklyn Nets": "4.101",
            "Minnesota Timberwolves": "3.662", "Phoenix Suns": "-6.134", "Washington Wizards": "2.083",
        }  # fmt: skip
        printed(teams[list(expected)], list(expected.values()))

    @pytest.mark.parametrize(
        ("team", "intercept"), [("Minnesota Timberwolves", "15.24"), ("Phoenix Suns", "5.44")]
    )
    def test_equations(self, team: str, intercept: str) -> None:
        """The text has 15.23 for the Timberwolves, since it rounds 11.575 and 3.662 before it adds them."""
        equation = reml("nba").equation(team)
        assert intercept in equation
        assert "1.67" in equation


@pytest.mark.parametrize("name", FORMULAS)
def test_posterior_sits_near(name: str) -> None:
    """Every parameter and random effect of the lessons' models, within posterior uncertainty."""
    data, formula = FORMULAS[name]
    fit = bm.lmer(formula, reference_frame(data), seed=1)
    point = fit.reml()
    for bayes, classical in ((fit.fixef(), point.fixef()), (fit.ranef(), point.ranef())):
        distance = (bayes["value"] - classical["value"]).abs() / bayes["se"]
        assert distance.max() < 0.5
    sds = fit.varcorr()
    inside = point.varcorr()["sd"].between(sds["sd_2.5"], sds["sd_97.5"])
    assert inside.all()
