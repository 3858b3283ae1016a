"""What a regression table says of one fit, row by row, before it is rounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import pandas as pd

from bayesmixed import names
from bayesmixed.errors import BayesmixedError, near_names
from bayesmixed.extract.distribution_variance import has_shares
from bayesmixed.extract.summaries import bound_names
from bayesmixed.model.spec import ModelSpec
from bayesmixed.printing.table import clean

FIXED, RANDOM, MODEL = "Fixed effects", "Random effects", "Model"
PARTS = (FIXED, RANDOM, MODEL)
METHODS = {"reml": "REML", "ml": "ML"}
BAYES = "Bayes"
NAN = float("nan")


class PrintableFit(Protocol):
    """A fit as a regression table sees it; ``MixedFit`` and ``RemlFit`` are such."""

    @property
    def spec(self) -> ModelSpec:
        """The model."""
        ...

    def tidy(self, *, prob: float = ...) -> pd.DataFrame:
        """All parameters."""
        ...

    def glance(self) -> pd.DataFrame:
        """The fit in one row."""
        ...

    def icc(self, *, prob: float = ...) -> pd.DataFrame:
        """Intraclass correlations."""
        ...

    def r2(self, *, prob: float = ...) -> pd.DataFrame:
        """Explained variance."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRow:
    """One number of a fit with what is known of its uncertainty.

    Attributes
    ----------
    part : str
        One of `PARTS`.
    label : str
        What it is.
    value, se, lower, upper, p : float
        NaN where there is none.
    decimals : int or None
        Fixed decimals; None when they follow from the standard error.
    text : str
        Printed in place of a number, unless empty.
    """

    part: str
    label: str
    value: float = NAN
    se: float = NAN
    lower: float = NAN
    upper: float = NAN
    p: float = NAN
    decimals: int | None = None
    text: str = ""


def fit_rows(
    fit: PrintableFit, *, prob: float = 0.95, loo: bool = False, labels: Mapping[str, str] | None = None
) -> tuple[FitRow, ...]:
    """All rows of the regression table of one fit.

    Parameters
    ----------
    fit : PrintableFit
        The fit.
    prob : float
        Probability inside the intervals.
    loo : bool
        Whether the expected log predictive density by leave-one-out is computed, for a fit that has draws.
    labels : mapping, optional
        Names of coefficients to the names that are printed.

    Returns
    -------
    tuple[FitRow, ...]
        Coefficients; standard deviations and correlations; sizes, shares of variance and criteria.

    Raises
    ------
    BayesmixedError
        When something is no fit, or `prob` is not between 0 and 1.
    """
    if not hasattr(fit, "tidy"):
        raise BayesmixedError(
            f"A table of models needs fits, as bm.lmer() returns them; got {type(fit).__name__}."
        )
    return (*_parameters(fit, prob, labels or {}), *_shape(fit), *_shares(fit, prob), *_criteria(fit, loo))


def method_of(fit: PrintableFit) -> str:
    """Name of the method of a fit: ``"Bayes"``, ``"REML"`` or ``"ML"``."""
    return METHODS.get(str(fit.glance()["engine"].iloc[0]), BAYES)


def check_labels(labels: Mapping[str, str], terms: list[str]) -> None:
    """Refuse labels for coefficients that no model has.

    Parameters
    ----------
    labels : mapping
        Coefficients to printed names.
    terms : list[str]
        All coefficients.

    Raises
    ------
    BayesmixedError
        When a key is none of them, near names are listed; when two coefficients would have one name.
    """
    for name in labels:
        if name not in terms:
            raise BayesmixedError(f"labels= names no coefficient {name!r}. {near_names(name, terms)}")
    printed = [labels.get(term, term) for term in terms]
    for label in printed:
        if printed.count(label) > 1:
            raise BayesmixedError(f"labels= gives two coefficients one name, {label!r}; choose another.")


def _parameters(fit: PrintableFit, prob: float, labels: Mapping[str, str]) -> Iterator[FitRow]:
    """Coefficients, then standard deviations and correlations."""
    random = _random_labels(fit.spec)
    for row in fit.tidy(prob=prob).to_dict("records"):
        fixed = row["effect"] == "fixed"
        term = str(row["term"])
        yield FitRow(
            part=FIXED if fixed else RANDOM,
            label=clean(labels.get(term, term))
            if fixed
            else random.get((row["group"], term), clean(f"{row['group']} {term}")),
            value=row["estimate"],
            se=row["std_error"],
            lower=row["conf_low"],
            upper=row["conf_high"],
            p=row.get("p_value", NAN),
            decimals=3 if term.startswith("cor__") else None,
        )


def _random_labels(spec: ModelSpec) -> dict[tuple[str, str], str]:
    """Printed names of standard deviations and correlations, by broom.mixed's group and term."""
    found = {(names.RESIDUAL, "sd__Observation"): f"{names.RESIDUAL} sd"}
    for block in spec.design.blocks:
        group = clean(block.group)
        for effect in block.effects:
            found[block.group, f"sd__{effect}"] = f"{group} sd({clean(effect)})"
        for one, two in combinations(block.effects, 2):
            found[block.group, f"cor__{one}.{two}"] = f"{group} cor({clean(one)}, {clean(two)})"
    return found


def _shape(fit: PrintableFit) -> Iterator[FitRow]:
    """Method, rows and levels."""
    design = fit.spec.design
    yield FitRow(part=MODEL, label="Method", text=method_of(fit))
    yield FitRow(part=MODEL, label="Observations", value=design.n_rows, decimals=0)
    for block in design.blocks:
        yield FitRow(part=MODEL, label=f"Groups: {clean(block.group)}", value=block.n_levels, decimals=0)


def _shares(fit: PrintableFit, prob: float) -> Iterator[FitRow]:
    """Intraclass correlations, then explained variance, where they are known."""
    if not has_shares(fit.spec.family):
        return
    lower, upper = bound_names(prob)
    for table, name, label in ((fit.icc(prob=prob), "group", "ICC"), (fit.r2(prob=prob), "type", "R2")):
        for row in table.to_dict("records"):
            yield FitRow(
                part=MODEL,
                label=f"{label}: {clean(str(row[name]))}",
                value=row[label.lower()],
                lower=row[lower],
                upper=row[upper],
                decimals=3,
            )


def _criteria(fit: PrintableFit, loo: bool) -> Iterator[FitRow]:
    """Log likelihood and information criteria, or the expected log predictive density on request."""
    row = fit.glance().iloc[0]
    for name, label in (("log_likelihood", "Log likelihood"), ("AIC", "AIC"), ("BIC", "BIC")):
        if name in row:
            yield FitRow(part=MODEL, label=label, value=row[name], decimals=1)
    cross_validate = getattr(fit, "loo", None)
    if loo and cross_validate is not None:
        elpd = cross_validate()
        yield FitRow(
            part=MODEL, label="elpd (leave-one-out)", value=float(elpd.elpd), se=float(elpd.se), decimals=1
        )
