"""Formula and data to design."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bayesmixed import names
from bayesmixed.design.blocks import build_blocks
from bayesmixed.design.checks import (
    check_group_names,
    check_identified,
    check_levels,
    check_response,
    refuse_coupled,
)
from bayesmixed.design.fixed import build_fixed, remembered, sum_offsets
from bayesmixed.design.frame import Column, complete_rows, missing_counts, pick, tidy_all, to_pandas
from bayesmixed.design.lookup import one_spelling
from bayesmixed.design.meeting import KnownCovariance
from bayesmixed.design.records import Design, LinearPredictor
from bayesmixed.design.related import known_covariances
from bayesmixed.design.residuals import build_residual, stated_weights
from bayesmixed.design.response import build_response, usable_weights, weights_of_rows
from bayesmixed.design.smooths import smooth_blocks, with_trends
from bayesmixed.errors import DataError
from bayesmixed.formula.terms import ParameterFormula, ParsedFormula
from bayesmixed.options import Center, Missing, one_of

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame


def build_design(
    parsed: ParsedFormula,
    data: IntoFrame,
    *,
    weights: str | ArrayLike | None = None,
    missing: Missing = "drop",
    center: Center = True,
    residual_variance: bool = True,
    successes: bool = False,
    data2: Mapping[str, object] | None = None,
) -> Design:
    """Build all of the data that a mixed model needs.

    With `residual_variance` the model has a residual variance of its own (gaussian), so the response must
    vary and there must be more rows than random effects. With `successes` the family is bernoulli or
    binomial, so the response may have two levels or count successes, and `weights` are the trials of a
    proportion. `data2` has the covariances between levels that ``gr(g, cov=A)`` names.

    Examples
    --------
    >>> from bayesmixed.formula import parse_formula
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0, 7.0], "x": [0, 1, 2, 0, 1], "g": list("aabbb")})
    >>> design = build_design(parse_formula("y ~ x + (1 | g)"), frame)
    >>> design.fixed.terms, design.blocks[0].levels, design.blocks[0].codes.tolist()
    (('Intercept', 'x'), ('a', 'b'), [0, 0, 1, 1, 1])
    """
    one_of(missing, Missing, "missing")
    frame = to_pandas(data)
    refuse_hidden_columns(parsed, [str(label) for label in frame.columns])
    raw = pick(frame, parsed.columns)
    additions = parsed.response.additions
    if weights is not None and additions.weights is not None:
        raise DataError("weights= and weights() of the formula both state weights; leave one of them out.")
    given = None if weights is None else weights_of_rows(weights, frame)
    needed = raw if given is None else raw | {str(given.name): given}
    keep = _rows_to_keep(needed, len(frame), missing)
    n = int(keep.sum())
    columns = tidy_all(raw if keep.all() else {name: column[keep] for name, column in raw.items()})
    used_weights = stated_weights(additions, columns, n) if given is None else usable_weights(given[keep])
    response = build_response(parsed.response, columns, n, successes=successes, weights=used_weights)
    bars = [*parsed.random, *(bar for each in parsed.others for bar in each.random)]
    known = known_covariances(data2, [bar.group.cov for bar in bars if bar.group.cov])
    mean = _predictor(names.MU, parsed, columns, n, center, known)
    others = tuple(_predictor(each.parameter, each, columns, n, center, known) for each in parsed.others)
    for each in others:
        refuse_coupled(each.blocks, f"The predictor of {each.parameter}")
    residual = build_residual(parsed, columns, n, used_weights)
    check_group_names((mean, *others), residual)
    if residual_variance:
        check_response(response, mean.offset, centred=mean.fixed.has_intercept)
        if residual.has_sigma:
            check_identified(mean.blocks, n)
    return Design(
        formula=parsed,
        response=response,
        fixed=mean.fixed,
        blocks=mean.blocks,
        offset=mean.offset,
        others=others,
        residual=residual,
        frame=frame.copy(deep=False) if keep.all() else frame[keep],
        n_dropped=len(frame) - n,
        center=center,
        known=known,
    )


def _predictor(
    parameter: str,
    side: ParsedFormula | ParameterFormula,
    columns: Mapping[str, Column],
    n: int,
    center: Center,
    known: Mapping[str, KnownCovariance],
) -> LinearPredictor:
    """Predictor of a parameter from a right side."""
    offsets = remembered(side.offsets)
    blocks = build_blocks(side.random, columns, n, known, center=center, parameter=parameter)
    smooths = side.smooths if isinstance(side, ParsedFormula) else ()
    blocks = (*blocks, *smooth_blocks(smooths, columns, n))
    check_levels(blocks)
    fixed = build_fixed(with_trends(side.fixed, smooths, columns), offsets, columns, n, center=center)
    return LinearPredictor(
        parameter=parameter,
        fixed=fixed,
        blocks=one_spelling(fixed, blocks),
        offset=sum_offsets(offsets, columns, n),
    )


def refuse_hidden_columns(parsed: ParsedFormula, labels: Collection[str]) -> None:
    """Refuse a constant where the data have a column of the same name."""
    for expression in parsed.expressions:
        for name in expression.constants:
            if name in labels:
                raise DataError(
                    f"{name!r} in {expression.text!r} is a constant, and the data have a column of that "
                    f"name. Write `{name}` between backticks for the column, or rename the column."
                )


def _rows_to_keep(raw: Mapping[str, pd.Series], n: int, missing: Missing) -> NDArray[np.bool_]:
    counts = missing_counts(raw)
    if not counts:
        return np.ones(n, dtype=bool)
    refuse_missing(counts, missing)
    keep = complete_rows(raw, n)
    check_any_complete(int(keep.sum()), n, counts)
    return keep


def refuse_missing(counts: Mapping[str, int], missing: Missing) -> None:
    """Refuse missing values, where the user wants none dropped."""
    if counts and missing == "raise":
        raise DataError(
            f"Values are missing in {_listed(counts)}. With missing='drop' such rows are left out."
        )


def check_any_complete(n_complete: int, n: int, counts: Mapping[str, int]) -> None:
    """Refuse data of which no row is complete."""
    if n_complete == 0:
        raise DataError(
            f"Every row has a missing value in a column that the model uses: {_listed(counts)}, of {n} rows."
        )


def _listed(counts: Mapping[str, int]) -> str:
    """Columns with their numbers of missing values."""
    return ", ".join(f"{name!r} ({count})" for name, count in counts.items())
