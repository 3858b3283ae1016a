"""Models whose calibration is checked: designs with priors that do not look at the response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import bayesmixed as bm

NEW = "new"
FAR = 10.0
"""By how much x lies further from zero where groups have correlated slopes."""
BOTH = ("Intercept", "x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """A grouping factor as the truth is drawn for it.

    Attributes
    ----------
    name : str
        As the tables call it, e.g. ``"g"`` or ``"a:b"``.
    labels : pandas.Series
        Level of every row.
    effects : tuple[str, ...]
        ``("Intercept",)`` or ``("Intercept", "x")``.
    correlated : bool
        Whether the two effects are.
    """

    name: str
    labels: pd.Series[str]
    effects: tuple[str, ...] = ("Intercept",)
    correlated: bool = False

    @property
    def levels(self) -> list[str]:
        """Levels in the order of their names."""
        return sorted(self.labels.unique())

    @property
    def codes(self) -> np.ndarray[Any, np.dtype[np.intp]]:
        """Place of every row's level among the levels, shape (n,)."""
        return np.searchsorted(self.levels, self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A model with a design and a fixed prior of every parameter.

    Attributes
    ----------
    key, title : str
        Short and long name.
    formula : str
        As given to the fit.
    frame : pandas.DataFrame
        Grouping columns, the predictor ``x`` and weights, without a response.
    groupings : tuple[Grouping, ...]
        The grouping factors.
    priors : Mapping[str, Prior]
        As given to the fit.
    family : str
        ``"gaussian"`` is fitted by ``lmer``, the others by ``glmer``.
    weights : str or None
        Column of weights.
    draws, chains : int
        Kept draws of each chain, and the number of chains.
    """

    key: str
    title: str
    formula: str
    frame: pd.DataFrame
    groupings: tuple[Grouping, ...]
    priors: Mapping[str, bm.priors.prior.Prior]
    family: str = "gaussian"
    weights: str | None = None
    draws: int = 500
    chains: int = 4

    @property
    def x(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The predictor, shape (n,)."""
        return self.frame["x"].to_numpy()

    @property
    def new_x(self) -> float:
        """Predictor of the new row."""
        return float(self.x.mean()) + 0.9

    @property
    def new_row(self) -> pd.DataFrame:
        """One row in which every grouping factor has a level that the fit has not seen."""
        levels = {name: [NEW] for name in self.frame.columns if name not in ("x", "w")}
        return pd.DataFrame({**levels, "x": [self.new_x], "w": [1.0]})


def _labels(letter: str, codes: object) -> list[str]:
    """Names of levels, of equal length."""
    return [f"{letter}{code:03d}" for code in np.asarray(codes)]


def _grouped(n_groups: int, each: int) -> pd.DataFrame:
    """Rows of one grouping factor, with a predictor that varies within and between its levels."""
    rng = np.random.default_rng([n_groups, each])
    codes = np.repeat(np.arange(n_groups), each)
    x = 0.5 + rng.normal(size=n_groups)[codes] / 2 + rng.normal(size=len(codes))
    return pd.DataFrame({"g": _labels("g", codes), "x": x, "w": rng.uniform(0.2, 5, len(codes))})


def _crossed(n_a: int, n_b: int, n_rows: int) -> pd.DataFrame:
    """Rows of two crossed grouping factors, every level observed."""
    rng = np.random.default_rng([n_a, n_b, n_rows])
    rows = np.arange(n_rows)
    a, b = rng.permutation(rows % n_a), rng.permutation(rows % n_b)
    return pd.DataFrame({"a": _labels("a", a), "b": _labels("b", b), "x": 0.5 + rng.normal(size=n_rows)})


def _nested(n_a: int, n_b: int, each: int) -> pd.DataFrame:
    """Rows of levels b whose labels begin anew in every level of a."""
    rng = np.random.default_rng([n_a, n_b, each])
    a, b, _ = np.indices((n_a, n_b, each)).reshape(3, -1)
    return pd.DataFrame({"a": _labels("a", a), "b": _labels("b", b), "x": 0.5 + rng.normal(size=len(a))})


def _gaussian(*scales: str, **others: bm.priors.prior.Prior) -> dict[str, bm.priors.prior.Prior]:
    """Priors of the kinds that a fit takes by default, in units of 1."""
    half_t = bm.prior("HalfStudentT", nu=3, sigma=1)
    normal = bm.prior("Normal", mu=0, sigma=2.5)
    return {"Intercept": normal, "x": normal, **dict.fromkeys([*scales, "sigma"], half_t), **others}


def _linked(**others: bm.priors.prior.Prior) -> dict[str, bm.priors.prior.Prior]:
    """Priors on the scale of a link, narrow enough for counts of ordinary size."""
    normal = bm.prior("Normal", mu=0, sigma=0.7)
    return {"Intercept": normal, "x": normal, "sd_g": bm.prior("HalfNormal", sigma=0.7), **others}


def _of_one_factor(key: str, title: str, frame: pd.DataFrame, **more: Any) -> Case:
    """Random intercepts of ``g``."""
    settings: dict[str, Any] = {
        "formula": "y ~ x + (1 | g)",
        "groupings": (Grouping(name="g", labels=frame["g"]),),
        "priors": _gaussian("sd_g"),
    }
    return Case(key=key, title=title, frame=frame, **{**settings, **more})


def _of_two_factors(key: str, title: str, frame: pd.DataFrame, **more: Any) -> Case:
    """Crossed random intercepts of ``a`` with ``b``."""
    return Case(
        key=key,
        title=title,
        formula="y ~ x + (1 | a) + (1 | b)",
        frame=frame,
        groupings=(Grouping(name="a", labels=frame["a"]), Grouping(name="b", labels=frame["b"])),
        priors=_gaussian("sd_a", "sd_b"),
        **more,
    )


def _slopes(key: str, title: str, bar: str, *, correlated: bool) -> Case:
    """Random intercepts with slopes in 15 groups of 6 rows."""
    frame = _grouped(15, 6)
    frame["x"] += FAR if correlated else 0.0
    grouping = Grouping(name="g", labels=frame["g"], effects=BOTH, correlated=correlated)
    others = {"corr_g": bm.prior("LKJ", eta=2)} if correlated else {}
    return _of_one_factor(
        key,
        title,
        frame,
        formula=f"y ~ x + (x {bar} g)",
        groupings=(grouping,),
        priors=_gaussian("sd_g", **others),
    )


def _nesting() -> Case:
    """Three levels, with labels that begin anew within the outer factor."""
    frame = _nested(6, 4, 4)
    inner = Grouping(name="a:b", labels=frame["a"] + ":" + frame["b"])
    return Case(
        key="nested",
        title="Nested: 24 classes in 6 schools, 4 rows each",
        formula="y ~ x + (1 | a/b)",
        frame=frame,
        groupings=(Grouping(name="a", labels=frame["a"]), inner),
        priors=_gaussian("sd_a", "sd_a:b"),
    )


def _nested_slopes() -> Case:
    """Correlated slopes at two levels."""
    frame = _nested(8, 4, 5)
    frame["x"] += FAR
    inner = frame["a"] + ":" + frame["b"]
    lkj = bm.prior("LKJ", eta=2)
    return Case(
        key="nested-slopes",
        title="Nested correlated slopes: 32 classes in 8 schools, 5 rows each",
        formula="y ~ x + (x | a/b)",
        frame=frame,
        groupings=tuple(
            Grouping(name=name, labels=labels, effects=BOTH, correlated=True)
            for name, labels in (("a", frame["a"]), ("a:b", inner))
        ),
        priors=_gaussian("sd_a", "sd_a:b", corr_a=lkj, **{"corr_a:b": lkj}),
    )


def _poisson_slopes() -> Case:
    """Counts with correlated slopes."""
    frame = _grouped(15, 8)
    frame["x"] += FAR
    return _of_one_factor(
        "poisson-slopes",
        "Poisson, log link, correlated slopes, 15 groups of 8 rows",
        frame,
        family="poisson",
        formula="y ~ x + (x | g)",
        groupings=(Grouping(name="g", labels=frame["g"], effects=BOTH, correlated=True),),
        priors=_linked(corr_g=bm.prior("LKJ", eta=2)),
    )


CASES: tuple[Case, ...] = (
    _of_one_factor("intercept-5", "Random intercept, 5 groups of 8 rows", _grouped(5, 8)),
    _of_one_factor("intercept-50", "Random intercept, 50 groups of 4 rows", _grouped(50, 4)),
    _slopes("slopes", "Correlated slopes, 15 groups of 6 rows", "|", correlated=True),
    _slopes("independent", "Independent slopes (`||`), 15 groups of 6 rows", "||", correlated=False),
    _nesting(),
    _of_two_factors("crossed", "Crossed, all integrated out: 12 x 8 levels, 96 rows", _crossed(12, 8, 96)),
    _of_two_factors(
        "crossed-sampled",
        "Crossed, one factor sampled: 180 x 165 levels, 900 rows",
        _crossed(180, 165, 900),
        chains=2,
    ),
    _of_one_factor("weights", "Weights from 0.2 to 5, 12 groups of 6 rows", _grouped(12, 6), weights="w"),
    _of_one_factor(
        "coefficient-t",
        "Coefficients sampled: Student-t prior of the slope, 12 groups of 6 rows",
        _grouped(12, 6),
        priors=_gaussian("sd_g", x=bm.prior("StudentT", nu=4, mu=0, sigma=1)),
    ),
    _of_one_factor(
        "student-t",
        "Student-t responses, 15 groups of 8 rows",
        _grouped(15, 8),
        family="t",
        priors=_gaussian("sd_g", nu=bm.prior("Gamma", alpha=4, beta=0.4)),
    ),
    _of_one_factor(
        "bernoulli",
        "Bernoulli, logit link, 15 groups of 10 rows",
        _grouped(15, 10),
        family="bernoulli",
        priors=_linked(),
    ),
    _of_one_factor(
        "poisson",
        "Poisson, log link, 15 groups of 8 rows",
        _grouped(15, 8),
        family="poisson",
        priors=_linked(),
    ),
    _nested_slopes(),
    _poisson_slopes(),
)
