"""Leave-one-group-out cross-validation from the collapsed likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.lookup import group_of
from bayesmixed.design.records import Design, IntArray
from bayesmixed.errors import ConvergenceWarning, DataError, PriorError, near_names, warn
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.density import IMPROPER

if TYPE_CHECKING:
    from arviz_stats.utils import ELPDData

    from bayesmixed.engines.collapsed.leave_group_out import GroupDensities

GOOD_K = 0.7
SEED = 0
"""Of the points of theta: the same fit gives the same numbers."""


def leave_one_group_out(draws: xr.DataTree, spec: ModelSpec, group: str) -> ELPDData:
    """Expected log predictive density of whole groups, each predicted from all others.

    :meth:`bayesmixed.MixedFit.loo` states the formula.
    """
    from bayesmixed.engines.collapsed.integrated import integrate_all
    from bayesmixed.engines.collapsed.leave_group_out import densities_given_others
    from bayesmixed.verbs.integrated_draws import integrated_points

    labels, codes = group_codes(spec.design, group)
    group = group_of(spec.design, group) or group
    _check_determined(spec, group, labels, codes)
    model = integrate_all(spec)
    points = integrated_points(draws, model)
    covariance = np.atleast_2d(np.cov(points, rowvar=False))
    rng = np.random.default_rng(SEED)
    found = densities_given_others(model, codes, points.mean(axis=0), covariance, rng)
    _warn_if_bad(group, labels, found)
    return _as_elpd(group, labels, found)


def _as_elpd(group: str, labels: tuple[str, ...], found: GroupDensities) -> ELPDData:
    """ArviZ's record of the densities of all groups."""
    from arviz_stats.utils import ELPDDataLOO

    dim = names.level_dim(group)
    value, k, p = (
        xr.DataArray(numbers, dims=(dim,), coords={dim: list(labels)})
        for numbers in (found.held_out, found.pareto_k, found.seen - found.held_out)
    )
    elpd, se, p_sum, _ = value.azstats.loo_summary(p)
    return ELPDDataLOO(
        elpd=float(elpd),
        se=float(se),
        p=float(p_sum),
        n_samples=found.n_points,
        n_data_points=len(labels),
        scale="log",
        warning=bool((found.pareto_k > GOOD_K).any()),
        good_k=GOOD_K,
        elpd_i=value,
        pareto_k=k,
    )


def _warn_if_bad(group: str, labels: tuple[str, ...], found: GroupDensities) -> None:
    """Warn of groups whose density is not to be trusted."""
    bad = [label for label, k in zip(labels, found.pareto_k, strict=True) if not k <= GOOD_K]
    if bad:
        warn(
            f"The density of {group} {', '.join(bad)} given the others cannot be trusted: its Pareto k is "
            f"over {GOOD_K}. Refit without it to know.",
            ConvergenceWarning,
        )


def _check_determined(spec: ModelSpec, group: str, labels: tuple[str, ...], codes: IntArray) -> None:
    """Refuse flat coefficients that some group alone determines."""
    flat = [prior.name in IMPROPER for prior in spec.priors.coefficients]
    if not any(flat):
        return
    columns = spec.design.fixed.matrix[:, flat]
    for code, label in enumerate(labels):
        if np.linalg.matrix_rank(columns[codes != code]) < columns.shape[1]:
            raise PriorError(
                f"Without {group} {label!r} the data do not determine the coefficients, and one of "
                "their priors is flat. Fit the model with normal priors."
            )


def group_codes(design: Design, group: str) -> tuple[tuple[str, ...], IntArray]:
    """Labels of the groups that rows fall into, and the group of every row.

    Returns shape (n,).
    """
    factors = {block.group: block for block in design.groups}
    name = group_of(design, group)
    if name is not None:
        present, codes = np.unique(factors[name].codes, return_inverse=True)
        labels, codes = tuple(factors[name].levels[code] for code in present), codes.astype(np.int64)
    elif isinstance(group, str) and group in design.frame.columns:
        codes, values = pd.factorize(design.frame[group], sort=True)
        codes, labels = codes.astype(np.int64), tuple(str(value) for value in values)
        if (codes < 0).any():
            raise DataError(f"The column {group!r} has missing values: those rows belong to no group.")
    else:
        known = near_names(str(group), [*factors, *map(str, design.frame.columns)])
        raise DataError(f"There is no grouping factor or column {group!r} to leave out. {known}")
    if len(labels) < 2:
        raise DataError(f"{group!r} has one level: without it no rows are left.")
    return labels, codes
