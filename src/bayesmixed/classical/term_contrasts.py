"""Hypotheses of the fixed terms, as contrasts of the coefficients: types I, II and III."""

from __future__ import annotations

import numpy as np

from bayesmixed.design.held import held_design
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.design.term_columns import FixedTerm, column_owners, estimands, fixed_terms
from bayesmixed.options import AnovaType


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
