"""What `help()` says of every function and method that users call: arguments, words, defaults, an example."""

from __future__ import annotations

import dataclasses
import doctest
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args, get_origin

import pytest

import bayesmixed as bm
from bayesmixed import options
from bayesmixed.comparison.bayes_factor import BayesFactor
from bayesmixed.datasets.load import DatasetInfo
from bayesmixed.design.prediction_rows import PredictEffects
from bayesmixed.engines.records import RunInfo
from bayesmixed.fits.row_sample import RowSample
from bayesmixed.model.prior_set import PriorTable
from bayesmixed.model.spec import ModelSpec
from bayesmixed.plots.check_methods import CheckPlots
from bayesmixed.plots.methods import FitPlots
from bayesmixed.pooled.plots import PoolingPlots
from bayesmixed.posterior.diagnostics import Diagnosis
from bayesmixed.priors.prior import Prior
from bayesmixed.surface import method_names, public_names
from bayesmixed.tables.printed import PrintedTable
from bayesmixed.verbs.contrasts import ContrastChoice
from bayesmixed.verbs.estimate.bootstrap import Bootstrap
from bayesmixed.verbs.estimate.profile import ProfileCurve
from bayesmixed.verbs.hypothesis import Hypothesis, Rope
from bayesmixed.verbs.marginal_likelihood import LogMarginalLikelihood

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
    PrintedTable,
    PriorTable,
    Diagnosis,
)
RECORDS = (*CLASSES, bm.Simulation, BayesFactor, Bootstrap, DatasetInfo, Hypothesis)
RECORDS = (*RECORDS, LogMarginalLikelihood, ModelSpec, Prior, ProfileCurve, Rope, RunInfo)
SECTIONS = "Parameters|Returns|Raises|Warns|Notes|See Also|Examples|Attributes|References"


def functions() -> Iterator[tuple[str, Callable[..., object]]]:
    """Every function and method that users call."""
    for name in bm.__all__:
        if inspect.isfunction(function := getattr(bm, name)):
            yield name, function
    for name in bm.plots.__all__:
        yield f"plots.{name}", getattr(bm.plots, name)
    for cls in CLASSES:
        for name in method_names(cls):
            yield f"{cls.__name__}.{name}", getattr(cls, name)


DOORS = dict(functions())


def sections(subject: object) -> dict[str, str]:
    """Text of each section of a docstring; what stands before the first is ``""``."""
    parts = re.split(rf"(?m)^({SECTIONS})\n-+\n", inspect.getdoc(subject) or "")
    return dict(zip(["", *parts[1::2]], parts[0::2], strict=True))


def entries(section: str) -> dict[str, str]:
    """What a section says of each name in it, the type included."""
    found = {}
    for entry in re.split(r"(?m)^(?=\S)", section):
        names, _, said = entry.partition(" : ")
        found |= {name.strip().lstrip("*"): said for name in names.split(",")}
    return {name: said for name, said in found.items() if name}


def words(annotation: str) -> tuple[object, ...]:
    """Words that an argument takes, by its annotation."""
    names = re.findall(r"Literal\[.*?\]|\b[A-Z]\w+", annotation)
    known = {**vars(options), "PredictEffects": PredictEffects, "ContrastChoice": ContrastChoice}
    kinds = [eval(name, {"Literal": Literal}) if "[" in name else known.get(name) for name in names]
    kinds += [part for kind in kinds for part in get_args(kind)]
    return tuple(word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind))


def spelled(value: object) -> str:
    """A value as docstrings write it."""
    if isinstance(value, tuple):
        return f"({', '.join(map(spelled, value))})"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def missing(parameter: inspect.Parameter, said: str | None) -> list[str]:
    """What is not said of an argument."""
    if said is None:
        return [parameter.name]
    first = said.partition("\n")[0]
    default = parameter.default
    lacks = [word for word in map(spelled, words(str(parameter.annotation))) if word not in said]
    if default is None and not first.endswith(", optional"):
        lacks.append("optional")
    if default not in (None, inspect.Parameter.empty) and f"default {spelled(default)}" not in first:
        lacks.append(f"default {spelled(default)}")
    return [f"{parameter.name}: {lack}" for lack in lacks] if first else [f"{parameter.name}: its type"]


@pytest.mark.parametrize("name", DOORS)
def test_help_names_every_argument_with_its_type_words_and_default(name: str) -> None:
    parameters = {n: p for n, p in inspect.signature(DOORS[name]).parameters.items() if n != "self"}
    documented = entries(sections(DOORS[name]).get("Parameters", ""))
    lacks = [lack for n, p in parameters.items() for lack in missing(p, documented.get(n))]
    assert lacks == []
    assert list(documented) == list(parameters), "in the order of the signature"


@pytest.mark.parametrize("name", DOORS)
def test_help_says_what_comes_back_and_shows_it(name: str) -> None:
    told = sections(DOORS[name])
    assert re.fullmatch(r"[A-Z].*\.", told[""].partition("\n")[0]), "the first line is one sentence"
    nothing = str(inspect.signature(DOORS[name]).return_annotation) in {"None", "NoReturn"}
    assert nothing or "Returns" in told
    examples = doctest.DocTestParser().get_examples(told.get("Examples", ""))
    assert [e for e in examples if doctest.SKIP not in e.options], "no example"


@pytest.mark.parametrize("name", DOORS)
def test_help_is_said_once(name: str) -> None:
    same = {inspect.unwrap(other) for other in DOORS.values() if other.__doc__ == DOORS[name].__doc__}
    assert len(same) == 1


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: cls.__name__)
def test_what_a_user_gets_says_what_it_holds(cls: type) -> None:
    told = entries(sections(cls).get("Attributes", ""))
    fields = {field.name for field in dataclasses.fields(cls) if not field.name.startswith("_")}
    assert told.keys() - fields == fields - told.keys() == set()
    others = [name for name in public_names(cls) if name not in {*fields, *method_names(cls)}]
    assert [
        name for name in others if not re.match(r"[A-Z].*[.;:]", inspect.getdoc(getattr(cls, name)) or "")
    ] == []


@pytest.mark.parametrize("name", DOORS)
def test_examples_are_collected(name: str) -> None:
    function: Any = inspect.unwrap(DOORS[name])
    module = inspect.getmodule(function)
    collected = doctest.DocTestFinder(exclude_empty=True).find(module)
    assert f"{function.__module__}.{function.__qualname__}" in {test.name for test in collected}


def test_dir_shows_what_a_user_needs() -> None:
    assert set(dir(bm)) == {*bm.__all__, "plots"}
    assert dir(bm.plots) == sorted(bm.plots.__all__)
    internal = re.compile(r"\b(Design|GroupBlock|Posterior|Estimated?)\b")
    taken = {name: str(inspect.signature(door)).partition(" ->")[0] for name, door in DOORS.items()}
    assert {name: said for name, said in taken.items() if internal.search(said)} == {}
