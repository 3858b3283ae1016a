"""What a regression table says of one fit, row by row, before it is rounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bayesmixed import names
from bayesmixed.design.lookup import term_of
from bayesmixed.design.parameters import Parameter, parameters_of
from bayesmixed.design.records import Design
from bayesmixed.errors import BayesmixedError, near_names
from bayesmixed.formula.algebra import ColumnKey
from bayesmixed.printing.table import clean
from bayesmixed.verbs.contract import Fit
from bayesmixed.verbs.summaries import bound_names
from bayesmixed.verbs.variances import split_blocks

FIXED, RANDOM, MODEL = "Fixed effects", "Random effects", "Model"
PARTS = (FIXED, RANDOM, MODEL)
METHODS = {"reml": "REML", "ml": "ML", "ols": "OLS"}
BAYES = "Bayes"
NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRow:
    """One number of a fit with what is known of its uncertainty.

    Attributes
    ----------
    part : str
        One of `PARTS`.
    label : str
        What it is.
    key : Hashable
        The same, however it is spelled in the formula; the label where nothing is.
    value, se, lower, upper, p : float
        NaN where there is none.
    decimals : int or None
        Fixed decimals; None when they follow from the standard error.
    text : str
        Printed in place of a number, unless empty.
    """

    part: str
    label: str
    key: Hashable = None
    value: float = NAN
    se: float = NAN
    lower: float = NAN
    upper: float = NAN
    p: float = NAN
    decimals: int | None = None
    text: str = ""

    @property
    def row(self) -> Hashable:
        """What tells the row in which it stands from others."""
        return self.key or self.label


def fit_rows(
    fit: Fit, *, prob: float = 0.95, loo: bool = False, labels: Mapping[str, str] | None = None
) -> tuple[FitRow, ...]:
    """All rows of the regression table of one fit.

    Returns: coefficients; standard deviations and correlations; sizes, shares of variance and criteria.
    """
    if not hasattr(fit, "tidy"):
        raise BayesmixedError(
            f"A table of models needs fits, as bm.lmer() returns them; got {type(fit).__name__}."
        )
    return (*_parameters(fit, prob, labels or {}), *_shape(fit), *_shares(fit, prob), *_criteria(fit, loo))


def method_of(fit: Fit) -> str:
    """Name of the method of a fit: ``"Bayes"``, ``"REML"``, ``"ML"`` or ``"OLS"``."""
    return METHODS.get(str(fit.glance()["engine"].iloc[0]), BAYES)


def interval_rule(fit: Fit) -> str:
    """By what an estimate's intervals are made."""
    if fit.spec.design.blocks:
        return "Satterthwaite's method"
    return "Student's t" if method_of(fit) == "OLS" else "the normal distribution"


def check_labels(labels: Mapping[str, str], designs: Sequence[Design]) -> None:
    """Refuse labels for coefficients that no model has."""
    for name in labels:
        if all(term_of(design, name) is None for design in designs):
            terms = dict.fromkeys(term for design in designs for term in design.fixed.terms)
            raise BayesmixedError(
                f"labels= names {name!r}, which is not a coefficient. {near_names(name, terms)}"
            )
    printed: dict[ColumnKey, str] = {}
    for design in designs:
        new = _by_term(labels, design)
        for key, term in zip(design.fixed.keys, design.fixed.terms, strict=True):
            printed.setdefault(key, new.get(term, term))
    for label, times in Counter(printed.values()).items():
        if times > 1:
            raise BayesmixedError(f"labels= gives two coefficients one name, {label!r}; choose another.")


def _by_term(labels: Mapping[str, str], design: Design) -> dict[str | None, str]:
    """Printed names of coefficients by their names in one model."""
    return {term_of(design, text): label for text, label in labels.items()}


def _parameters(fit: Fit, prob: float, labels: Mapping[str, str]) -> Iterator[FitRow]:
    """Coefficients, then standard deviations and correlations."""
    design, printed = fit.spec.design, _by_term(labels, fit.spec.design)
    serial = design.residual.correlation.label
    residual = [name for name in (names.SIGMA, serial) if name in fit.spec.priors.parameters]
    rows = fit.tidy(prob=prob).to_dict("records")
    parameters = sorted(parameters_of(design, residual), key=lambda parameter: parameter.kind != "beta")
    for parameter, row in zip(parameters, rows, strict=True):
        yield FitRow(
            part=FIXED if parameter.kind == "beta" else RANDOM,
            label=_printed(parameter, printed),
            key=parameter.meanings[0],
            value=row["estimate"],
            se=row["std_error"],
            lower=row["conf_low"],
            upper=row["conf_high"],
            p=row.get("p_value", NAN),
            decimals=3 if parameter.kind in ("cor", "serial") else None,
        )


def _printed(parameter: Parameter, labels: Mapping[str | None, str]) -> str:
    """Printed name of a parameter."""
    group, one, two = map(clean, (parameter.group, parameter.effect_1, parameter.effect_2))
    if parameter.predictor != names.MU:
        group = f"{parameter.predictor}: {group}"
    match parameter.kind:
        case "beta" if parameter.predictor != names.MU:
            return f"{group}{one}"
        case "beta":
            return clean(labels.get(parameter.effect_1, parameter.effect_1))
        case "serial":
            return f"{group} cor({one}, {two})" if two else f"{group} cor({one})"
        case "sd":
            return f"{group} sd({one})"
        case "cor":
            return f"{group} cor({one}, {two})"
    return f"{group} sd"


def _shape(fit: Fit) -> Iterator[FitRow]:
    """Method, rows and levels."""
    design = fit.spec.design
    yield FitRow(part=MODEL, label="Method", text=method_of(fit))
    yield FitRow(part=MODEL, label="Observations", value=design.n_rows, decimals=0)
    for block in design.groups:
        label, key = f"Groups: {clean(block.group)}", ("Groups", block.group_key)
        yield FitRow(part=MODEL, label=label, key=key, value=block.n_levels, decimals=0)


def _shares(fit: Fit, prob: float) -> Iterator[FitRow]:
    """Intraclass correlations, then explained variance, where they are known."""
    if not fit.spec.family.is_native:
        return
    lower, upper = bound_names(prob)
    groups = {block.group: block.group_key for block in fit.spec.design.groups}
    tables = [(fit.icc(prob=prob), "group", "ICC")] if split_blocks(fit.spec.design)[0] else []
    for table, name, label in (*tables, (fit.r2(prob=prob), "type", "R2")):
        for row in table.to_dict("records"):
            yield FitRow(
                part=MODEL,
                label=f"{label}: {clean(str(row[name]))}",
                key=(label, groups.get(row[name], row[name])),
                value=row[label.lower()],
                lower=row[lower],
                upper=row[upper],
                decimals=3,
            )


def _criteria(fit: Fit, loo: bool) -> Iterator[FitRow]:
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
