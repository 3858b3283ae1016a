"""What comparisons ask of a fit, and the checks that fits can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayesmixed.comparison.likelihood_ratio import has_same_fixed_part
from bayesmixed.design.held import held_design
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.regression import AnyEstimate
from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.verbs.contract import EstimateFit, PosteriorFit

if TYPE_CHECKING:
    pass


def check_comparable(fits: Mapping[str, PosteriorFit], verb: str) -> None:
    """Refuse fits whose densities are not densities of the same data."""
    for name, fit in fits.items():
        if not isinstance(fit, PosteriorFit):
            given = f"{name!r} is a {type(fit).__name__}, and {verb}() needs posteriors"
            if isinstance(getattr(fit, "estimate", None), AnyEstimate):
                raise BayesmixedError(f"{given}: leave out method= in lmer(), or test by bm.anova().")
            raise BayesmixedError(f"{given}: give what bm.lmer() or bm.glmer() returns.")
    for (name, fit), (other_name, other) in pairwise(fits.items()):
        reason = data_difference(fit.spec.design, other.spec.design)
        if reason:
            raise DataError(f"{name!r} and {other_name!r} cannot be compared: {reason}")


def require_estimate(fit: EstimateFit, verb: str) -> AnyEstimate:
    """Estimate of a fit."""
    found = getattr(fit, "estimate", None)
    if not isinstance(found, AnyEstimate):
        given = f"{verb}() is for fits by REML or ML, and this is a {type(fit).__name__}"
        if hasattr(fit, "draws"):
            raise BayesmixedError(
                f"{given}: give fit.reml() in its place, or compare posteriors by bm.compare() or "
                "bm.bayes_factor()."
            )
        each = ", one after another" if isinstance(fit, Sequence | Mapping) else ""
        raise BayesmixedError(f"{given}: give what bm.lmer(..., method='reml') returns{each}.")
    return found


def check_comparable_likelihoods(estimates: Sequence[AnyEstimate], labels: Sequence[str]) -> None:
    """Refuse estimates whose likelihoods are not on one scale."""
    for (ours, label), (theirs, other) in pairwise(zip(estimates, labels, strict=True)):
        pair = f"{label!r} and {other!r} cannot be compared"
        reason = data_difference(ours.design, theirs.design)
        if reason:
            raise DataError(f"{pair}: {reason}")
        if ours.family != theirs.family:
            raise BayesmixedError(f"{pair} by a test: their families differ. Compare them by aic() or bic().")
        if ours.by != theirs.by:
            raise BayesmixedError(
                f"{pair}: one is fitted by {ours.by.upper()} and the other by {theirs.by.upper()}. Leave "
                "refit=True, which fits both by ML."
            )
        if ours.by == "reml" and not has_same_fixed_part(ours.design, theirs.design):
            raise BayesmixedError(
                f"{pair} by REML: their fixed parts differ, and a restricted likelihood is that of what the "
                "fixed part leaves. Leave refit=True, which fits both by ML."
            )


ONE_FRAME = "Comparisons go row by row: fit both to one data frame."


def data_difference(ours: Design, theirs: Design) -> str:
    """Say in which way two designs are about different data."""
    if (ours.sums is None) != (theirs.sums is None):
        return "one is fitted to rows in memory, the other to data outside memory. Fit both to the same data."
    ours, theirs = held_design(ours), held_design(theirs)
    if ours.n_rows != theirs.n_rows:
        return (
            f"they are fitted to different rows ({ours.n_rows}, after {ours.n_dropped} with missing values "
            f"were left out, and {theirs.n_rows}, after {theirs.n_dropped}). Fit both to the rows in which "
            "no column of either formula is missing."
        )
    same_responses = np.array_equal(ours.response.values, theirs.response.values)
    if not ours.frame.index.equals(theirs.frame.index):
        return _difference_of_labels(ours.frame.index, theirs.frame.index)
    if not same_responses and _are_reordered(ours.response.values, theirs.response.values):
        return f"the values of {ours.response.name!r} are the same in another order. {ONE_FRAME}"
    if not same_responses:
        return (
            f"their responses differ ({ours.response.name!r} and {theirs.response.name!r}). Likelihoods are "
            "comparable for one response on one scale only."
        )
    if not np.array_equal(_weights(ours), _weights(theirs)):
        return "their weights differ. Give both the same weights."
    return ""


def _difference_of_labels(ours: pd.Index, theirs: pd.Index) -> str:
    """Say in which way the index labels of as many rows differ."""
    if not len(ours.symmetric_difference(theirs)):
        return f"they are fitted to the same rows in another order, by the labels of the index. {ONE_FRAME}"
    place = next(i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
    return (
        f"they are fitted to different rows, by the labels of the index: row {place} (counted from 0) is "
        f"{ours[place]!r} in one and {theirs[place]!r} in the other. {ONE_FRAME}"
    )


def _are_reordered(ours: FloatArray, theirs: FloatArray) -> bool:
    """Whether two responses have the same values in another order."""
    return np.array_equal(np.sort(ours), np.sort(theirs))


def _weights(design: Design) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Weight of every row, 1 where none was given."""
    return np.ones(design.n_held) if design.weights is None else design.weights
