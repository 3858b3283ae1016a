"""Levels, effects, parameters and columns that a user names: by number, one alone, several, or wrongly."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.design.levels import find_level
from bayesmixed.plots.methods import FitPlots
from bayesmixed.pooled.plots import PoolingPlots
from bayesmixed.surface import method_names
from bayesmixed.verbs.blocks import chosen_levels

SLEEP = bm.load_dataset("sleepstudy").assign(Subject=lambda d: d["Subject"].astype(int))
FORMULA = "Reaction ~ Days + (Days | Subject)"
REML = bm.lmer(FORMULA, SLEEP, method="reml")
POOLED = bm.pooling(FORMULA, SLEEP, method="reml")


@cache
def posterior() -> bm.MixedFit:
    """A posterior of the same model."""
    return bm.lmer(FORMULA, SLEEP, seed=1)


@pytest.mark.parametrize(
    ("wanted", "labels", "found"),
    [
        (308, ["308", "335"], "308"),
        (np.int64(308), ["308", "335"], "308"),
        (308.0, ["308", "335"], "308"),
        ("308", ["308", "335"], "308"),
        (1, ["1.0", "2.0"], "1.0"),
        (2.5, ["2.5", "3"], "2.5"),
        (7, ["007", "008"], "007"),
        (7, ["7", "007"], "7"),
        (7, ["07", "007"], None),
        ("7", ["007"], None),
        (True, ["False", "True"], "True"),
        (np.True_, ["False", "True"], "True"),
        (True, ["0", "1"], None),
        (1, ["False", "True"], None),
        (pd.Timestamp("2020-02-01"), ["2020-01-01", "2020-02-01"], "2020-02-01"),
        (None, ["a"], None),
        (float("nan"), ["a", "nan "], None),
    ],
)
def test_a_level_is_found_by_label_value_or_number(
    wanted: object, labels: list[str], found: str | None
) -> None:
    assert find_level(wanted, labels) == found


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2, 30]),
        pd.Series([1.0, 2.0, 30.0]),
        pd.Series([0.5, 1.5, 2.0]),
        pd.Series([True, False, True]),
        pd.Series(["a", "b", "10"]),
        pd.Series([1, 2, 30], dtype="category"),
        pd.Series([1.0, 2.0, 30.0], dtype="category"),
        pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02", "2021-01-01"])),
        pd.Series([1, 2, 30], dtype=object),
    ],
    ids=lambda column: f"{column.dtype}-{column.iloc[0]}",
)
def test_every_value_of_the_data_names_its_level(column: pd.Series) -> None:
    rows = pd.concat([column] * 4, ignore_index=True)
    y = np.arange(len(rows)) + 3.0 * pd.factorize(rows)[0] + np.sin(np.arange(len(rows)))
    fit = bm.lmer("y ~ 1 + (1 | g)", pd.DataFrame({"y": y, "g": rows}), method="ml")
    labels = fit.spec.design.blocks[0].levels
    own = dict(zip(labels, fit.coef()["value"], strict=True))
    for value in rows.unique():
        label = find_level(value, labels)
        assert label is not None
        assert fit.equation(value, digits=6) == f"y = {own[label]:.6f}"
        assert fit.predict(pd.DataFrame({"g": [value]}))["value"].item() == pytest.approx(own[label])


@pytest.mark.parametrize(
    "one",
    [
        308,
        np.int64(308),
        308.0,
        "308",
        ["308"],
        [308],
        (308,),
        {308},
        {308: "a"},
        np.array([308, 308]),
        np.array(308),
        pd.Series([308]),
        pd.Index(["308"]),
        range(308, 309),
        iter([308]),
    ],
    ids=lambda one: type(one).__name__,
)
def test_one_level_however_it_is_written(one: object) -> None:
    assert chosen_levels(REML.spec.design, "Subject", one) == ["308"]


@pytest.mark.parametrize("several", [[335, "308"], ("335", 308.0), np.array([335, 308, 335])])
def test_several_levels_keep_their_order(several: object) -> None:
    assert chosen_levels(REML.spec.design, "Subject", several) == ["335", "308"]


@pytest.mark.parametrize("nothing", [[], (), np.array([]), set()])
def test_no_name_at_all_is_refused(nothing: object) -> None:
    with pytest.raises(bm.BayesmixedError, match=r"levels=.* names nothing; name one or several"):
        chosen_levels(REML.spec.design, "Subject", nothing)


@pytest.mark.parametrize("one", [308, "308", [np.int64(308)]])
@pytest.mark.parametrize(
    ("draw", "count"),
    [
        (lambda one: REML.plot.line("Days", one), lambda ax: len(ax.get_legend().get_texts()) - 1),
        (lambda one: REML.plot.groups("Days", levels=one), len),
        (lambda one: REML.plot.groups("Days", levels=one, facets=False), lambda ax: len(ax.lines) - 1),
        (lambda one: POOLED.plot.lines(levels=one), len),
        (lambda one: spaghetti(one), lambda ax: len(ax.get_legend().get_texts())),
    ],
    ids=["line", "facets", "lines", "pooling", "spaghetti"],
)
def test_a_plot_of_one_level(one: object, draw: Callable[[object], Any], count: Callable[[Any], int]) -> None:
    assert count(draw(one)) == 1


def spaghetti(highlight: object) -> Any:
    """Raw data with groups set off."""
    return bm.plots.spaghetti(SLEEP, "Days", "Reaction", "Subject", highlight=highlight, mean=False)


@pytest.mark.parametrize(
    ("call", "number"),
    [
        (lambda: posterior().plot.trace(parameters="Days"), 1),
        (lambda: posterior().plot.rank(parameters=("Days", "sigma")), 2),
        (lambda: posterior().plot.ess(parameters={"Days": 1}), 1),
        (lambda: posterior().plot.prior_posterior(parameters="Days"), 1),
        (lambda: REML.confint("Days", method="wald"), 1),
        (lambda: REML.confint(np.array(["Days", "sigma"]), method="wald"), 2),
        (lambda: REML.plot.ranef(effect="Days"), 1),
        (lambda: REML.plot.ranef(effect=["Days", "Intercept"]), 2),
        (lambda: REML.tidy(effects="fixed"), 2),
        (lambda: REML.predict(effects="Subject"), 180),
        (lambda: POOLED.plot.shrinkage(effects="Days").get_xlabel(), len("Days")),
    ],
)
def test_one_name_is_not_its_letters(call: Callable[[], Any], number: int) -> None:
    assert len(call()) == number


def test_a_pair_of_levels_is_named_by_number() -> None:
    frame = SLEEP.assign(dose=SLEEP["Days"] % 3)
    fit = bm.lmer("Reaction ~ C(dose) + (1 | Subject)", frame, method="ml")
    pairs: list[list[object]] = [[0, 2], ["0", "2"], [0.0, np.int64(2)]]
    found = [fit.comparisons("dose", contrast=pair) for pair in pairs]
    effect = fit.fixef().set_index("term").loc["C(dose)[T.2]", "value"]
    assert [table["value"].item() for table in found] == pytest.approx([effect] * 3)
    with pytest.raises(bm.DataError, match=r"'dose' has no level 3. Known names: 0, 1, 2"):
        fit.comparisons("dose", contrast=[0, 3])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: REML.coef("308"),
            "'308'. It is a level of 'Subject': write group='Subject', .*== '308'",
        ),
        (lambda: REML.ranef(308), r"no grouping factor 308. It is a level of 'Subject'"),
        (
            lambda: REML.plot.groups("Days", levels=[308, 999]),
            "^999 is not a level of Subject. Known",
        ),
        (lambda: REML.plot.line("Days", 380), "^380 is not a level of Subject. Did you mean '370'"),
        (lambda: REML.icc(at="Days"), "at='Days' does not say what it is for. Write e.g. at={'x': 0}"),
        (lambda: REML.table(labels="Days"), "labels='Days' does not say what it is for. Write e.g. labels={"),
        (lambda: bm.lmer(FORMULA, SLEEP, priors="Days"), "priors='Days' does not say what it is for"),
    ],
)
def test_what_is_named_wrongly_is_answered(call: Callable[[], object], words: str) -> None:
    with pytest.raises(bm.BayesmixedError, match=words):
        call()


NAMING = {
    "at",
    "by",
    "effect",
    "effects",
    "expression",
    "group",
    "group_level",
    "group_var",
    "groups",
    "kind",
    "labels",
    "levels",
    "parameter",
    "parameters",
    "sort_by",
    "statistic",
    "variable",
    "x",
}
"""Arguments that name something of the model or the data, or choose a word."""
ODD = [7, np.int64(7), True, "nobody", [7.5], [["x"]], {"nobody": 1}, (), np.array(["a", "b"]), object()]
FITS: dict[str, Callable[[], Any]] = {
    "MixedFit": posterior,
    "RemlFit": lambda: REML,
    "FitPlots": lambda: posterior().plot,
    "PoolingPlots": lambda: POOLED.plot,
}
NEEDED = {
    "group_level": 308,
    "region": (0, 1),
    "x": "Days",
    "variable": "Days",
    "at": {"Days": 1},
    "group": "Subject",
    "expression": "Days > 0",
}


def naming() -> list[tuple[str, str, str]]:
    """Class, method and argument wherever something is named."""
    classes = (bm.MixedFit, bm.RemlFit, FitPlots, PoolingPlots)
    return [
        (cls.__name__, method, argument)
        for cls in classes
        for method in method_names(cls)
        for argument in inspect.signature(getattr(cls, method)).parameters
        if argument in NAMING
    ]


@pytest.mark.filterwarnings("ignore:Estimated shape parameter")
@pytest.mark.parametrize(("cls", "method", "argument"), naming())
def test_whatever_is_given_for_a_name_is_taken_or_refused_in_words(
    cls: str, method: str, argument: str
) -> None:
    function = getattr(FITS[cls](), method)
    signature = inspect.signature(function).parameters
    needed = {name: NEEDED[name] for name, p in signature.items() if p.default is p.empty and name in NEEDED}
    for odd in ODD:
        with suppress(bm.BayesmixedError):
            function(odd) if argument == "groups" else function(**{**needed, argument: odd})
        plt.close("all")
