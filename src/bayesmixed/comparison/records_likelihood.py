"""What a test between models asks of a fit, and the check that fits can be tested against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

from bayesmixed.comparison.nesting import has_same_fixed_part
from bayesmixed.comparison.same_data import data_difference
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.errors import BayesmixedError, DataError


class LikelihoodFit(Protocol):
    """A fit by REML or ML, as tests between models see it."""

    @property
    def estimate(self) -> Estimate:
        """The optimum with its likelihood."""

    @property
    def formula(self) -> str:
        """The formula as written."""


def require_estimate(fit: LikelihoodFit, verb: str) -> Estimate:
    """Estimate of a fit."""
    found = getattr(fit, "estimate", None)
    if not isinstance(found, Estimate):
        given = f"{verb}() is for fits by REML or ML, and this is a {type(fit).__name__}"
        if hasattr(fit, "draws"):
            raise BayesmixedError(
                f"{given}: give fit.reml() in its place, or compare posteriors by bm.compare() or "
                "bm.bayes_factor()."
            )
        each = ", one after another" if isinstance(fit, Sequence | Mapping) else ""
        raise BayesmixedError(f"{given}: give what bm.lmer(..., method='reml') returns{each}.")
    return found


def check_comparable_likelihoods(estimates: Sequence[Estimate], labels: Sequence[str]) -> None:
    """Refuse estimates whose likelihoods are not on one scale."""
    for (ours, label), (theirs, other) in pairwise(zip(estimates, labels, strict=True)):
        pair = f"{label!r} and {other!r} cannot be compared"
        reason = data_difference(ours.design, theirs.design)
        if reason:
            raise DataError(f"{pair}: {reason}")
        if ours.likelihood.by != theirs.likelihood.by:
            raise BayesmixedError(
                f"{pair}: one is fitted by REML and the other by ML. Leave refit=True, which fits both by ML."
            )
        if ours.likelihood.by == "reml" and not has_same_fixed_part(ours.design, theirs.design):
            raise BayesmixedError(
                f"{pair} by REML: their fixed parts differ, and a restricted likelihood is that of what the "
                "fixed part leaves. Leave refit=True, which fits both by ML."
            )
