"""What a fit answers, verb by verb, and whether two fits answer the same but for the names."""

from __future__ import annotations

import dataclasses
import re
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import xarray as xr

import bayesmixed as bm
from bayesmixed.design.encode import predictors
from bayesmixed.design.parameters import parameters_of, prior_parameters
from bayesmixed.design.prediction_rows import with_effects
from bayesmixed.design.records import Design
from bayesmixed.engines.collapsed import leave_group_out
from bayesmixed.errors import BayesmixedError, ConvergenceWarning
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.hypothesis import Hypothesis, Rope

Words = Mapping[str, str]
"""Name of every column of the data, by its letter."""
Spell = Callable[[str], str]
"""How a user writes a name."""

FAST: dict[str, Any] = {"draws": 30, "tune": 60, "chains": 2, "seed": 1, "adapt": False}
PRIORS = {
    "beta": bm.prior("Normal", mu=0.5, sigma=2),
    "cor": bm.prior("LKJ", eta=3),
    "sd": bm.prior("HalfNormal", sigma=3),
    "sigma": bm.prior("Exponential", lam=1),
    "family": bm.prior("Gamma", alpha=2, beta=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A fit, and how its user calls and spells things."""

    fit: Any
    words: Words
    spell: Spell

    @property
    def design(self) -> Design:
        return self.fit.spec.design  # type: ignore[no-any-return]

    @property
    def labels(self) -> list[str]:
        """All parameters, as the user writes them."""
        return [self.spell(p.label) for p in parameters_of(self.design, self.fit.spec.family.parameter_names)]

    @property
    def groups(self) -> list[str]:
        return [self.spell(block.group) for block in self.design.blocks]

    @property
    def predictors(self) -> list[str]:
        """Columns of the fixed side."""
        return list(predictors(with_effects(self.design, "fixed")))

    @property
    def number(self) -> str:
        """The first column of numbers."""
        return next(name for name in self.predictors if name in [self.words[letter] for letter in "xzw"])

    @property
    def at(self) -> dict[str, list[float]]:
        return {self.number: [1.0, 2.5]}


Verb = Callable[[Asked], Any]


def _group(asked: Asked, name: str) -> xr.Dataset:
    """A group that is added to the draws, the fit's own left as they are."""
    fit = dataclasses.replace(asked.fit, draws=asked.fit.draws.copy())
    return fit.add_groups(name, seed=2)[name].to_dataset()


def _saved(asked: Asked) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fit"
        asked.fit.save(path)
        again = bm.load(path)
    return [again.draws, again.fixef(), again.priors.table(), list(again.spec.priors.in_order)]


def _with_priors(asked: Asked) -> Any:
    spec = asked.fit.spec
    every = prior_parameters(spec.design, spec.family.parameter_names)
    chosen = {asked.spell(parameter.label): PRIORS[parameter.kind] for parameter in every}
    return list(complete_priors(spec.design, chosen, spec.family).in_order)


def _other_groups(asked: Asked) -> Any:
    frame = asked.design.frame.iloc[:4].copy()
    for letter in "gk":
        frame[asked.words[letter]] = ["other", "other", "another", "another"]
    return asked.fit.predict(frame, new_levels="sample", seed=3)


def _slopes(asked: Asked) -> dict[str, list[float]]:
    effects = dict.fromkeys(e for block in asked.design.blocks for e in block.effects if e != "Intercept")
    return {asked.spell(effect): [0.0, 1.0] for effect in effects}


BOTH: dict[str, Verb] = {
    "fixef": lambda a: a.fit.fixef(),
    "ranef": lambda a: a.fit.ranef(),
    "coef": lambda a: a.fit.coef(),
    "tidy": lambda a: a.fit.tidy(effects=("fixed", "ran_pars", "ran_vals")),
    "glance": lambda a: a.fit.glance(),
    "ngrps": lambda a: a.fit.ngrps(),
    "icc": lambda a: a.fit.icc(),
    "icc at": lambda a: a.fit.icc(at=_slopes(a)),
    "r2": lambda a: a.fit.r2(),
    "fitted": lambda a: [a.fit.fitted(), a.fit.fitted(effects="fixed")],
    "resid": lambda a: a.fit.resid(),
    "augment": lambda a: a.fit.augment(prefix="."),
    "predictions_at": lambda a: a.fit.predictions_at(a.at),
    "predictions by group": lambda a: [a.fit.predictions_at(a.at, effects=[group]) for group in a.groups],
    "mean predictions": lambda a: a.fit.predictions_at(a.at, average=True),
    "comparisons": lambda a: [a.fit.comparisons(name) for name in a.predictors[:2]],
    "comparisons of rows": lambda a: a.fit.comparisons(a.number, average=False),
    "slopes": lambda a: a.fit.slopes(a.number, at=a.at, average=False),
    "equation": lambda a: a.fit.equation(a.design.blocks[0].levels[0], group=a.groups[0]),
    "of one group": lambda a: [a.fit.ranef(group=group) for group in a.groups],
    "table": lambda a: a.fit.table().to_frame(),
    "print": lambda a: re.sub(r"[\d.]+ s,", "", str(a.fit)),
}
POSTERIOR: dict[str, Verb] = {
    **BOTH,
    "varcorr": lambda a: [a.fit.varcorr(), a.fit.varcorr(correlations=True)],
    "draws": lambda a: a.fit.draws,
    "hypothesis": lambda a: [a.fit.hypothesis(f"{text} > 0.1") for text in a.labels],
    "rope": lambda a: [a.fit.rope(f"2 * {text}", (-1, 1)) for text in a.labels],
    "p_direction": lambda a: [a.fit.p_direction(text) for text in a.labels],
    "priors": lambda a: a.fit.priors.table(),
    "own priors": _with_priors,
    "grid draws": lambda a: a.fit.predictions_at(a.at, draws=True),
    "diagnostics": lambda a: a.fit.diagnostics(),
    "log prior": lambda a: _group(a, "log_prior"),
    "prior draws": lambda a: _group(a, "prior"),
    "log likelihood": lambda a: _group(a, "log_likelihood"),
    "new groups": _other_groups,
    "save": _saved,
    "simulate": lambda a: a.fit.simulate(3, seed=4),
}
REML: dict[str, Verb] = {
    **BOTH,
    "varcorr": lambda a: a.fit.varcorr(method="none"),
    "confint": lambda a: a.fit.confint(method="wald"),
    "confint of one": lambda a: [a.fit.confint(method="wald", parameters=[text]) for text in a.labels],
    "vcov": lambda a: a.fit.vcov(),
    "point": lambda a: a.fit.point,
}
SLOW: dict[str, Verb] = {
    "graph": lambda a: _graph(a.fit.spec),
    "pooling": lambda a: [
        bm.pooling(a.fit.formula, a.design.frame, method="reml", group=group).table() for group in a.groups
    ],
    "lines": lambda a: _closed(a.fit.plot.groups(a.number, facets=False)),
    "caterpillar": lambda a: _closed(a.fit.plot.ranef(effect=a.spell(a.design.blocks[0].effects[-1]))),
    "leave groups out": lambda a: _left_out(a),
    "trace": lambda a: _closed(a.fit.plot.trace(parameters=a.labels)),
}
"""Verbs of a gaussian posterior that take a tenth of a second or more."""


def _left_out(asked: Asked) -> Any:
    """Densities of groups by few points, and that so few draws do not determine them."""
    few = patch.object(leave_group_out, "MAX_BATCHES", 1)
    with few, warnings.catch_warnings(record=True, action="always") as caught:
        densities = asked.fit.loo(group=asked.groups[0]).elpd_i.to_numpy()
    assert all(warning.category is ConvergenceWarning for warning in caught), caught
    return [densities, [str(warning.message) for warning in caught]]


def _closed(axes: Any) -> list[str]:
    """Titles of axes, each in one line and with plain dollars, their figure closed."""
    import matplotlib.pyplot as plt

    first, *_ = np.ravel(axes)
    titles = [re.sub(r"\n(?=\[)|\\(?=\$)", "", ax.get_title()).replace("\n", " ") for ax in np.ravel(axes)]
    plt.close(first.figure)
    return titles


def _graph(spec: ModelSpec) -> list[Any]:
    """Variables of the PyMC graph, and its log density at the initial point."""
    from bayesmixed.model.build import build_pymc_model

    model = build_pymc_model(spec)
    return [[str(name) for name in model.named_vars], list(model.point_logps().values())]


def answer(verb: Verb, asked: Asked) -> Any:
    """What a fit answers; a refusal counts as one."""
    try:
        return verb(asked)
    except BayesmixedError as error:
        return error


Same = Callable[[str, str], bool]
"""Whether a text of one answer is that of the other under other names."""


def check_same(one: Any, other: Any, same: Same, where: str = "") -> None:
    """Assert that two answers are the same, number by number and bit by bit, but for the names."""
    assert type(one) is type(other), (where, one, other)
    match one:
        case str():
            assert same(one, other), (where, one, other)
        case pd.DataFrame():
            assert len(set(other.columns)) == len(other.columns), (where, list(other.columns))
            check_same(list(one.columns), list(other.columns), same, f"{where}.columns")
            check_same(one.index.tolist(), other.index.tolist(), same, f"{where}.index")
            for i in range(one.shape[1]):
                check_same(one.iloc[:, i].to_numpy(), other.iloc[:, i].to_numpy(), same, f"{where}[{i}]")
        case pd.Series():
            check_same(one.index.tolist(), other.index.tolist(), same, f"{where}.index")
            check_same(one.to_numpy(), other.to_numpy(), same, where)
        case xr.DataTree():
            assert list(one.children) == list(other.children), where
            for child in one.children:
                check_same(one[child].to_dataset(), other[child].to_dataset(), same, f"{where}/{child}")
        case xr.Dataset():
            for kind in ("data_vars", "coords"):
                first, second = getattr(one, kind), getattr(other, kind)
                check_same(list(first), list(second), same, f"{where}.{kind}")
                for a, b in zip(first.values(), second.values(), strict=True):
                    check_same(list(a.dims), list(b.dims), same, f"{where}.{a.name}.dims")
                    check_same(a.to_numpy(), b.to_numpy(), same, f"{where}.{a.name}")
        case xr.DataArray():
            check_same(one.to_dataset(name="_"), other.to_dataset(name="_"), same, where)
        case np.ndarray() if one.dtype.kind in "OUST":
            check_same(one.tolist(), other.tolist(), same, where)
        case np.ndarray():
            np.testing.assert_array_equal(one, other, err_msg=where)
        case list() | tuple():
            assert len(one) == len(other), (where, one, other)
            for i, (a, b) in enumerate(zip(one, other, strict=True)):
                check_same(a, b, same, f"{where}[{i}]")
        case BayesmixedError():
            pass
        case Hypothesis() | Rope():
            numbers = [dataclasses.replace(each, expression="") for each in (one, other)]
            check_same(*(list(dataclasses.astuple(each)) for each in numbers), same, where)
        case float():
            assert one == other or (one != one and other != other), (where, one, other)
        case _:
            assert one == other, (where, one, other)
