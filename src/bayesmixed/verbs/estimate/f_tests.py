"""F tests of fixed terms with Satterthwaite's degrees of freedom, lmerTest's ``anova`` of one model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmixed.design.held import held_design
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.design.term_columns import FixedTerm, column_owners, estimands, fixed_terms
from bayesmixed.engines.regression import AnyEstimate
from bayesmixed.options import AnovaType
from bayesmixed.verbs.estimate.satterthwaite import combination_spread, degrees_of_freedom

SAME = 1e-8
"""Difference within which degrees of freedom are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FTest:
    """Test that several contrasts of the coefficients are zero together.

    Attributes
    ----------
    statistic : float
        F.
    numerator, denominator : float
        Degrees of freedom.
    """

    statistic: float
    numerator: int
    denominator: float


def term_tests(estimate: AnyEstimate, kind: AnovaType) -> pd.DataFrame:
    """Table of F tests of all fixed terms: columns of :func:`bayesmixed.comparison.anova.anova`."""
    from scipy import stats

    contrasts = term_contrasts(estimate.design, kind)
    tests = [f_test(estimate, rows) for rows in contrasts.values()]
    statistic, numerator, denominator = (
        np.array([getattr(test, name) for test in tests])
        for name in ("statistic", "numerator", "denominator")
    )
    mean_squares = statistic * estimate.optimum.sigma**2
    return pd.DataFrame(
        {
            "term": list(contrasts),
            "sum_sq": mean_squares * numerator,
            "mean_sq": mean_squares,
            "NumDF": numerator,
            "DenDF": denominator,
            "F": statistic,
            "p_value": stats.f.sf(statistic, numerator, denominator),
        }
    )


def f_test(estimate: AnyEstimate, contrasts: FloatArray) -> FTest:
    """Test that contrasts of the coefficients are zero, L b = 0.

    Shapes: `contrasts` (q, p).

    F = (L b)' (L V L')^-1 L b / q. With L V L' = P D P', the rows of P'L are contrasts whose estimates are
    uncorrelated, each with Satterthwaite's degrees of freedom; the denominator's are those for which F has
    the expectation of the mean of the squared t's (Kuznetsova et al. 2017, Journal of Statistical Software
    82(13), section 2).
    """
    if not len(contrasts):
        return FTest(statistic=np.nan, numerator=0, denominator=np.nan)
    covariance = contrasts @ estimate.covariance @ contrasts.T
    se = np.sqrt(np.diag(covariance))
    t = contrasts @ estimate.optimum.coefficients / se
    spread = combination_spread(estimate, np.linalg.eigh(covariance)[1].T @ contrasts)
    return FTest(
        statistic=float(t @ np.linalg.solve(covariance / np.outer(se, se), t) / len(t)),
        numerator=len(t),
        denominator=denominator_df(degrees_of_freedom(estimate, spread)),
    )


def denominator_df(separate: FloatArray) -> float:
    """Degrees of freedom of the mean of squared t's that have their own, shape (q,).

    E = sum of nu / (nu - 2) is the expectation of the sum, and 2 E / (E - q) has it; 2 where one of them has
    no expectation. lmerTest's rule.
    """
    if np.ptp(separate) < SAME:
        return float(separate.mean())
    if np.any(separate <= 2.0):
        return 2.0
    total = np.sum(separate / (separate - 2.0))
    return float(2.0 * total / (total - len(separate)))


def term_contrasts(design: Design, kind: AnovaType) -> dict[str, FloatArray]:
    """Contrasts that are zero when a term has no effect.

    Returns shape (q, p).

    The contrasts of lmerTest, rows and all, since degrees of freedom of several rows depend on which rows
    span the hypothesis. A single term is tested as type I, whatever the type.
    """
    terms = fixed_terms(design)
    if kind == "I" or len(terms) < 2:
        return _sequential(design, terms)
    return _adjusted(design, terms) if kind == "II" else _equally_weighted(design, terms)


def _sequential(design: Design, terms: tuple[FixedTerm, ...]) -> dict[str, FloatArray]:
    """Type I: rows of Doolittle's triangle of X'X."""
    owners, rows = column_owners(design), _unit_triangle(_triangle(design))
    return {term.name: rows[owners == t] for t, term in enumerate(terms)}


def _adjusted(design: Design, terms: tuple[FixedTerm, ...]) -> dict[str, FloatArray]:
    """Type II: as type I with the term and those that contain it last; a term within none as it stands."""
    owners, triangle = column_owners(design), _triangle(design)
    found = {}
    for t, term in enumerate(terms):
        containing = [u for u, other in enumerate(terms) if term.within(other)]
        own, others = np.flatnonzero(owners == t), np.flatnonzero(np.isin(owners, containing))
        if not containing:
            found[term.name] = np.eye(len(owners))[own]
            continue
        before = np.setdiff1d(np.arange(len(owners)), [*own, *others])
        order = np.concatenate([before, own, others])
        rows = np.zeros_like(triangle)
        rows[:, order] = _unit_triangle(np.linalg.qr(triangle[:, order])[1])
        found[term.name] = rows[len(before) : len(before) + len(own)]
    return found


def _equally_weighted(design: Design, terms: tuple[FixedTerm, ...]) -> dict[str, FloatArray]:
    """Type III: coefficients made orthogonal to those of the terms that contain the term.

    Orthogonal as functions of the parameters of the model that has one for every level: what is left depends
    on the terms that contain the term by equally weighted means over their levels (SAS/STAT, The Four Types
    of Estimable Functions).
    """
    known = estimands(held_design(design))
    found = {}
    for t, term in enumerate(terms):
        containing = [u for u, other in enumerate(terms) if term.within(other)]
        own, others = known.owners == t, np.isin(known.owners, containing)
        rows = np.eye(len(own))[own]
        rows[:, others] = -np.linalg.lstsq(known.weights[others].T, known.weights[own].T)[0].T
        found[term.name] = rows @ known.of_coefficients
    return found


def _triangle(design: Design) -> FloatArray:
    """Triangle R of X = QR, up to the signs of its rows, shape (p, p)."""
    if design.sums is None:
        return np.asarray(np.linalg.qr(design.fixed.matrix)[1])
    p, fixed, n = len(design.fixed.terms), design.fixed, design.n_rows
    inner, means = (n - 1) * design.sums.fixed_covariance, design.sums.fixed_means
    if not fixed.has_intercept:
        return np.asarray(np.linalg.cholesky(inner + n * np.outer(means, means)).T)
    triangle = np.zeros((p, p))
    triangle[0] = np.sqrt(n) * means
    triangle[1:, 1:] = np.linalg.cholesky(inner[1:, 1:]).T
    return triangle


def _unit_triangle(triangle: FloatArray) -> FloatArray:
    """Rows of a triangle over its diagonal."""
    return np.asarray(triangle / np.diag(triangle)[:, None])
