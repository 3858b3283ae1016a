"""Everything that a user can hold shows itself in a screen that reads well."""

from __future__ import annotations

import dataclasses
import inspect
import math
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.plots.check_methods import CheckPlots
from bayesmixed.printing.records import Text, short_repr
from bayesmixed.surface import method_names, public_names

SCREEN = 45
"""Lines of a terminal of 80 characters."""
SLEEP = bm.load_dataset("sleepstudy")
MANY = bm.simulate_data(
    "y ~ x + (x | school)",
    groups={"school": 300},
    per_group=6,
    fixed={"Intercept": 1.0, "x": 2.0},
    sd={"school": [1.0, 0.5]},
    sigma=1.0,
    seed=1,
)


@dataclass(frozen=True, slots=True)
class Record:
    """A record with one of everything."""

    text: str
    number: float
    count: int
    short: np.ndarray[Any, Any]
    long: np.ndarray[Any, Any]
    frame: pd.DataFrame
    several: tuple[str, ...]
    named: dict[str, int]
    nothing: None = None

    __repr__ = short_repr


def test_every_field_has_a_line() -> None:
    record = Record(
        text="y ~ x" + " + x" * 50,
        number=2 / 3,
        count=1000,
        short=np.array([1.5, 2.0]),
        long=np.zeros((300, 4)),
        frame=pd.DataFrame({"a": [1, 2]}),
        several=("a", "b", "c", "d"),
        named={"one": 1, "two\n": 2},
    )
    assert repr(record).split("\n") == [
        "Record",
        f"  text: y ~ x{' + x' * 16}...",
        "  number: 0.6667",
        "  count: 1000",
        "  short: [1.5, 2.0]",
        "  long: array (300, 4)",
        "  frame: DataFrame (2, 1)",
        "  several: (a, b, c, ... 4 in all)",
        "  named: {one, two\\n}",
        "  nothing: None",
    ]


def test_text_shows_itself_as_it_prints() -> None:
    text = Text("one\ntwo")
    assert repr(text) == str(text) == text == "one\ntwo"
    assert pickle.loads(pickle.dumps(text)) == text


def held() -> dict[str, object]:
    """What the functions and methods of the package give to hold."""
    formula = "Reaction ~ Days + (Days | Subject)"
    fit = bm.lmer(formula, SLEEP, seed=1)
    reml = bm.lmer(MANY.formula, MANY.data, method="reml")
    pooled = bm.pooling(MANY.formula, MANY.data, method="reml")
    cbpp = bm.load_dataset("cbpp")
    return {
        "fit": fit,
        "reml": reml,
        "pooling": pooled,
        "simulation": MANY,
        "bootstrap": reml.bootstrap(3, seed=1),
        "profile": fit.reml().profile("sigma", n=5),
        "prior": bm.prior("Normal", mu=0, sigma=1),
        "data set": bm.describe_dataset("bdf"),
        "hypothesis": fit.hypothesis("Days > 8"),
        "rope": fit.rope("Days", (-1, 1)),
        "marginal likelihood": fit.log_marginal_likelihood(),
        "Bayes factor": fit.bayes_factor_of("Subject"),
        "printed table": fit.table(),
        "checks": CheckPlots(fit=fit),
        "specification": bm.specify("prop(incidence, size) ~ period + (1 | herd)", cbpp, family="binomial"),
        "table": reml.ranef(),
        "wide table": reml.simulate(500, seed=1),
    }


def behind(path: str, thing: object, seen: set[type]) -> Iterator[tuple[str, object]]:
    """One object of every further class of ours behind public attributes."""
    fields = [field.name for field in dataclasses.fields(thing)] if dataclasses.is_dataclass(thing) else []
    lazy = [name for name in public_names(type(thing)) if _is_property(type(thing), name)]
    for name in dict.fromkeys([*fields, *lazy]):
        value = getattr(thing, name)
        for member in value[:1] if isinstance(value, tuple | list) else (value,):
            if type(member).__module__.startswith("bayesmixed") and type(member) not in seen:
                seen.add(type(member))
                yield f"{path}.{name}", member
                yield from behind(f"{path}.{name}", member, seen)


def _is_property(cls: type, name: str) -> bool:
    """Whether an attribute is computed, at once or once."""
    found = inspect.getattr_static(cls, name)
    return not issubclass(cls, pd.DataFrame) and (isinstance(found, property) or hasattr(found, "attrname"))


@cache
def everything() -> dict[str, object]:
    """All of them, by where they are found."""
    found = held()
    seen = {type(thing) for name, thing in found.items() if name != "specification"}
    return found | {
        path: further for name, thing in found.items() for path, further in behind(name, thing, seen)
    }


def test_the_walk_gets_far() -> None:
    found = everything().keys()
    assert {"fit.spec.design", "fit.run", "fit.diagnosis", "fit.plan", "fit.priors"} <= found
    assert {"fit.plot", "reml.estimate.optimum", "pooling.groups", "bootstrap.arrays"} <= found


def test_everything_shows_itself_in_a_screen() -> None:
    shown = {path: repr(thing) for path, thing in everything().items()}
    lines = {
        path: sum(max(1, math.ceil(len(line) / 80)) for line in text.split("\n"))
        for path, text in shown.items()
    }
    assert {path: n for path, n in lines.items() if n > SCREEN} == {}
    assert [path for path, text in shown.items() if "array([" in text or " object at 0x" in text] == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("fit.plan", "integrated out, level by level.\nCoefficients"),
        ("prior", "Normal(mu=0, sigma=1)"),
        ("data set", "\n  langPOST"),
        ("fit.priors", "corr_Subject"),
        ("fit.diagnosis", "4 chains of 1,000 draws"),
        ("bootstrap", "3 bootstrap refits, 0 of them singular"),
        ("profile", "Profile of sigma at 5 values, from "),
        ("specification", "Family: binomial (logit)\nData: 56 rows; herd with 15 levels"),
        ("fit.plot", "Pictures of Reaction ~ Days + (Days | Subject): acf, energy, ess,"),
        ("simulation", "1800 rows simulated from"),
        ("reml.estimate.optimum", "coefficients: ["),
    ],
)
def test_it_says_what_it_is(path: str, words: str) -> None:
    assert words in repr(everything()[path])


@pytest.mark.parametrize("plots", ["fit.plot", "pooling.plot", "checks"])
def test_plots_list_their_pictures(plots: str) -> None:
    shown = repr(everything()[plots]).replace("\n", " ")
    assert all(name in shown for name in method_names(type(everything()[plots])))
