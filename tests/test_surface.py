"""What every function that users call answers: arguments it does not take or use, other packages' habits."""

from __future__ import annotations

import ast
import copy
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_overloads

import pytest

import bayesmixed as bm
from bayesmixed.cli import main
from bayesmixed.fits.row_sample import RowSample
from bayesmixed.habits import ESTIMATE, EVERY_FIT, FITTING_ARGUMENTS, POSTERIOR, VERB_ARGUMENTS
from bayesmixed.options import (
    ConfintMethod,
    GlmMethod,
    LmMethod,
    Method,
    PoolingMethod,
    RegressionIntervals,
    VarianceIntervals,
)
from bayesmixed.plots.check_methods import CheckPlots
from bayesmixed.plots.methods import FitPlots
from bayesmixed.pooled.plots import PoolingPlots
from bayesmixed.surface import method_names

FORMULA = "Reaction ~ Days + (1 | Subject)"
SLEEP = bm.load_dataset("sleepstudy")
CBPP = bm.load_dataset("cbpp")
REML = bm.lmer(FORMULA, SLEEP, method="reml")
LINE = bm.lm("Reaction ~ Days", SLEEP, method="ols")
CLASSES = (
    bm.MixedFit,
    bm.RemlFit,
    bm.RegressionFit,
    bm.LmByGroup,
    bm.Pooling,
    FitPlots,
    CheckPlots,
    PoolingPlots,
    RowSample,
)


@cache
def posterior() -> bm.MixedFit:
    """A posterior of the same model."""
    return bm.lmer(FORMULA, SLEEP, seed=1)


def callables() -> Iterator[tuple[str, Callable[..., object]]]:
    """Every function and method that users call, but for the one that gives plain data."""
    for name in bm.__all__:
        function = getattr(bm, name)
        if inspect.isfunction(function) and name != "load_dataset":
            yield name, function
    for cls in CLASSES:
        for name in method_names(cls):
            yield f"{cls.__name__}.{name}", getattr(cls, name)


CALLABLES = dict(callables())


def returns(function: Callable[..., object]) -> set[str]:
    """Classes that a function may return, None aside."""
    return set(str(inspect.signature(function).return_annotation).split(" | ")) - {"None"}


@pytest.mark.parametrize("name", sorted(CALLABLES))
def test_nobody_need_ask_for_the_class_of_an_answer(name: str) -> None:
    function = CALLABLES[name]
    if len(returns(function)) > 1:  # a flag known only at run time gives either
        stated = get_overloads(function)
        told = [returns(each) for each in stated]
        drawn = [inspect.signature(each).parameters.get("draws") for each in stated]
        flags = [parameter is not None and parameter.annotation == "bool" for parameter in drawn]
        assert set.union(*told) == returns(function)
        assert all(flag or len(classes) == 1 for flag, classes in zip(flags, told, strict=True))


def test_the_surface_is_walked() -> None:
    assert {"lmer", "anova", "MixedFit.predict", "RemlFit.sample_rows", "FitPlots.trace"} <= CALLABLES.keys()


@pytest.mark.parametrize("name", sorted(CALLABLES.keys() - {"prior"}))
def test_an_unknown_argument_is_answered(name: str) -> None:
    with pytest.raises(TypeError, match=r"\(\) has no argument 'drws'\. (Did you mean|Known names|There )"):
        CALLABLES[name](drws=3)


def test_a_near_argument_is_named() -> None:
    with pytest.raises(TypeError, match=r"lmer\(\) has no argument 'drws'\. Did you mean 'draws'"):
        bm.lmer(FORMULA, SLEEP, drws=3)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("fit", "name"),
    [
        (fit, name)
        for fit in (bm.lmer, bm.glmer)
        for name in FITTING_ARGUMENTS
        if name not in inspect.signature(fit).parameters
    ],
)
def test_arguments_with_which_others_fit_are_answered(fit: Callable[..., object], name: str) -> None:
    with pytest.raises(TypeError, match=rf"{fit.__name__}\(\) has no argument '{name}'\. Write "):
        fit(FORMULA, SLEEP, **{name: True})


@pytest.mark.parametrize("name", VERB_ARGUMENTS)
def test_arguments_of_others_verbs_are_answered(name: str) -> None:
    with pytest.raises(TypeError, match=rf"nobs\(\) has no argument '{name}'\. Write "):
        CALLABLES["RemlFit.nobs"](REML, **{name: True})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda fit: fit.predict(re_form=None), "effects='fixed' for re.form=NA"),
        (lambda fit: fit.predict(allow_new_levels=True), "new_levels='population'"),
        (lambda fit: fit.resid(type="pearson"), r"resid\(kind='pearson'\)"),
        (lambda fit: fit.fixef(level=0.9), "prob=0.95"),
        (lambda fit: fit.fixef("Days"), r"not take 'Days' without a name\. Its arguments: prob=\."),
        (lambda fit: fit.nobs(3), r"nobs\(\) does not take 3 without a name\. It has no arguments"),
        (lambda fit: fit.plot.fixef("Days"), "without a name. Its arguments: intercept=, prob=, ax=."),
        (lambda fit: fit.plot(), r"Write fit\.plot\.residuals\(\).*fit\.plot\.trace\(\).*ranef_quantiles"),
        (lambda _: bm.lmer(FORMULA, SLEEP, family="poisson"), r"Write bm\.glmer\(formula, data, family="),
        (lambda _: bm.lmer(FORMULA, SLEEP, "reml"), "not take 'reml' without a name. Its arguments: priors="),
        (lambda _: bm.lmer(FORMULA, SLEEP, REML=False), "method='ml' for REML=False"),
        (lambda _: bm.glmer(FORMULA, SLEEP, "poisson", method="ml"), r"bm\.lmer\(\.\.\., method='reml'\)"),
    ],
)
def test_habits_are_answered(call: Callable[[Any], object], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call(REML)


def test_what_is_natural_needs_no_name() -> None:
    assert REML.ranef("Subject").equals(REML.ranef(group="Subject"))
    assert REML.coef("Subject").equals(REML.coef(group="Subject"))
    assert REML.resid("pearson").equals(REML.resid(kind="pearson"))
    assert REML.confint("Days", method="wald").equals(REML.confint(parameters="Days", method="wald"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("summary", r"Write print\(fit\)"),
        ("VarCorr", r"Write fit\.varcorr\(\)"),
        ("emmeans", r"Write fit\.predictions_at\("),
        ("draws", "method='bayes'"),
        ("fixeff", "Did you mean 'fixef'"),
        ("_private", "has no attribute '_private'"),
    ],
)
def test_attributes_are_answered(name: str, words: str) -> None:
    with pytest.raises(AttributeError, match=words):
        getattr(REML, name)
    assert not hasattr(REML, name)


@pytest.mark.parametrize(
    ("fit", "words"), [(bm.MixedFit, {**EVERY_FIT, **POSTERIOR}), (bm.RemlFit, {**EVERY_FIT, **ESTIMATE})]
)
def test_habits_are_not_attributes_that_exist(fit: type, words: dict[str, str]) -> None:
    assert [word for word in words if hasattr(fit, word)] == []


def test_a_fit_can_still_be_copied() -> None:
    assert copy.copy(REML).fixef().equals(REML.fixef())


@pytest.mark.parametrize("name", ["lmerr", "anovas"])
def test_a_name_of_the_package_is_answered(name: str) -> None:
    with pytest.raises(AttributeError, match=f"no attribute '{name}'. Did you mean '{name[:-1]}'"):
        getattr(bm, name)


DATA: dict[str, object] = {"formula": FORMULA, "data": SLEEP}
USED: dict[str, tuple[Callable[..., object], Any, str, set[str]]] = {
    "lmer": (bm.lmer, Method, "bayes", {*DATA, "data2", "weights", "missing"}),
    "lm": (bm.lm, LmMethod, "bayes", {*DATA, "weights", "missing"}),
    "glm": (bm.glm, GlmMethod, "bayes", {*DATA, "family", "link", "weights", "missing"}),
    "pooling": (bm.pooling, PoolingMethod, "bayes", {*DATA, "group", "no_pooling", "weights", "missing"}),
    "RemlFit.confint": (REML.confint, ConfintMethod, "boot", {"prob", "parameters"}),
    "RemlFit.varcorr": (REML.varcorr, VarianceIntervals, "boot", {"prob", "correlations"}),
    "RemlFit.tidy": (REML.tidy, VarianceIntervals, "boot", {"prob", "effects"}),
    "RegressionFit.confint": (LINE.confint, RegressionIntervals, "boot", {"prob", "parameters"}),
    "RegressionFit.varcorr": (LINE.varcorr, VarianceIntervals, "boot", {"prob", "correlations"}),
    "RegressionFit.tidy": (LINE.tidy, VarianceIntervals, "boot", {"prob", "effects"}),
    "MixedFit.versus": (posterior().versus, ConfintMethod, "boot", {"prob", "parameters"}),
    "FitPlots.versus": (posterior().plot.versus, ConfintMethod, "boot", {"prob", "parameters", "ax"}),
}
"""Functions with a choice `method`: its words, the one that uses all arguments, what the others use."""
UNUSED = [
    (name, word, argument)
    for name, (function, words, instead, used) in USED.items()
    for word in get_args(words)
    for argument in inspect.signature(function).parameters
    if word != instead and argument not in {"method", *used}
]


def test_no_function_with_a_method_is_forgotten() -> None:
    choosing = {name for name, f in CALLABLES.items() if "method" in inspect.signature(f).parameters}
    assert choosing == USED.keys()


@pytest.mark.parametrize(("name", "word", "argument"), UNUSED)
def test_an_argument_that_the_method_does_not_use_is_refused(name: str, word: str, argument: str) -> None:
    function, _, instead, used = USED[name]
    data = DATA if used >= DATA.keys() else {}
    words = f"^method='{word}' does not use {argument}=; leave it out, or use method='{instead}'.$"
    with pytest.raises(bm.BayesmixedError, match=words):
        function(method=word, **data, **{argument: 1})


def test_several_are_refused_together_and_none_is_not_given() -> None:
    with pytest.raises(bm.BayesmixedError, match="does not use draws=, chains= and seed=; leave them out"):
        bm.lmer(FORMULA, SLEEP, method="ml", draws=500, chains=2, seed=1)  # type: ignore[call-overload]
    fit = bm.lmer(FORMULA, SLEEP, method="reml", priors=None, seed=None)  # type: ignore[call-overload]
    assert fit.deviance() == REML.deviance()


@pytest.mark.parametrize(
    "option",
    ["--draws 500", "--chains 2", "--seed 1", "--family poisson", "--link log", "--save f"],
)
def test_an_option_that_the_method_does_not_use_is_refused(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, value = option.split()
    assert main(["fit", FORMULA, "sleepstudy", "--method", "reml", name, value]) == 2
    said = f"--method reml does not use {name}; leave it out, or use --method bayes."
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bm.compare({"a": REML, "b": posterior()}), r"'a' is a RemlFit, and compare\(\) .* method="),
        (lambda: bm.compare({"a": posterior(), "b": SLEEP}), r"'b' is a DataFrame, .* what bm\.lmer\(\) or"),
        (lambda: bm.bayes_factor(posterior(), REML), r"'m0' is a RemlFit, and bayes_factor\(\) needs post"),
        (lambda: bm.anova(posterior(), REML), r"anova\(\) .* this is a MixedFit: give fit\.reml\(\) in"),
        (lambda: bm.drop1(SLEEP), r"drop1\(\) .* this is a DataFrame: give what bm\.lmer\(\.\.\., method="),
        (lambda: bm.ranova(posterior()), r"ranova\(\) is for .* give fit\.reml\(\) in its place"),
        (lambda: bm.anova([REML, REML]), "this is a list: give .* returns, one after another"),
        (lambda: REML.plot.trace(), "needs a posterior; fit the model with method='bayes'"),
        (lambda: bm.models_table([SLEEP]), "needs fits, as bm.lmer"),
    ],
)
def test_a_fit_of_the_wrong_kind_is_named(call: Callable[[], object], words: str) -> None:
    with pytest.raises(bm.BayesmixedError, match=words):
        call()


def strings() -> Iterator[str]:
    """Every string in the package, what stands between the braces of an f-string left out."""
    for module in sorted(Path(bm.__file__).parent.rglob("*.py")):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        yield from (
            n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
        )


def test_what_messages_and_docstrings_tell_to_write_exists() -> None:
    text = " ".join(strings())
    of_fit = {*dir(bm.MixedFit), *dir(bm.RemlFit), *bm.MixedFit.__annotations__, *bm.RemlFit.__annotations__}
    named = {
        "bm": (set(re.findall(r"\bbm\.(\w+)", text)), {*bm.__all__, "plots"}),
        "fit": (set(re.findall(r"\bfit\.(?!json)(\w+)", text)), of_fit),
        "fit.plot": (set(re.findall(r"\bfit\.plot\.(\w+)", text)), set(method_names(FitPlots))),
        "pooled.plot": (set(re.findall(r"\bpooled\.plot\.(\w+)", text)), set(method_names(PoolingPlots))),
    }
    assert {where: said - known for where, (said, known) in named.items() if said - known} == {}
    assert all(len(said) for said, _ in named.values())


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: bm.glmer("incidence | rate(size) ~ period + (1 | herd)", CBPP, family="poisson"),
            bm.FormulaError,
            r"Write incidence ~ \.\.\. \+ offset\(log\(size\)\)",
        ),
        (
            lambda: bm.lmer("Reaction | cens(Days) ~ 1 + (1 | Subject)", SLEEP),
            bm.FormulaError,
            r"cens\(\) cannot stand behind the bar",
        ),
        (
            lambda: bm.glmer("incidence ~ period + (1 | herd)", CBPP, family="binomial"),
            bm.FamilyError,
            r"needs 0 and 1.* write prop\(incidence, trials\) with the column of the trials",
        ),
        (lambda: REML.plot.ranef_matrix(), bm.DataError, r"for one write fit\.plot\.ranef_quantiles\(\)"),
    ],
)
def test_what_is_meant_is_written_out(
    call: Callable[[], object], error: type[bm.BayesmixedError], words: str
) -> None:
    with pytest.raises(error, match=words):
        call()


def test_a_warning_points_at_the_users_line() -> None:
    with pytest.warns(bm.DesignWarning, match="special case") as caught:
        bm.anova(REML, bm.lmer("Reaction ~ poly(Days, 2) + (0 + Days | Subject)", SLEEP, method="reml"))
    assert [record.filename for record in caught] == [__file__]
