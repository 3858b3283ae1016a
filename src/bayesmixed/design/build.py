"""Formula and data to design."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bayesmixed.covariances.residual import Residual
from bayesmixed.design.blocks import build_blocks
from bayesmixed.design.checks import (
    check_group_names,
    check_identified,
    check_levels,
    check_response,
)
from bayesmixed.design.fixed import build_fixed, remembered, sum_offsets
from bayesmixed.design.frame import complete_rows, missing_counts, pick, tidy_all, to_pandas
from bayesmixed.design.lookup import one_spelling
from bayesmixed.design.records import Design
from bayesmixed.design.response import build_response, usable_weights, weights_of_rows
from bayesmixed.errors import DataError
from bayesmixed.formula.terms import ParsedFormula
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
) -> Design:
    """Build all of the data that a mixed model needs.

    With `residual_variance` the model has a residual variance of its own (gaussian), so the response must
    vary and there must be more rows than random effects. With `successes` the family is bernoulli or
    binomial, so the response may have two levels or count successes, and `weights` are the trials of a
    proportion.

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
    given = None if weights is None else weights_of_rows(weights, frame)
    needed = raw if given is None else raw | {str(given.name): given}
    keep = _rows_to_keep(needed, len(frame), missing)
    n = int(keep.sum())
    used_weights = None if given is None else usable_weights(given[keep])
    columns = tidy_all(raw if keep.all() else {name: column[keep] for name, column in raw.items()})
    response = build_response(parsed.response, columns, n, successes=successes, weights=used_weights)
    offsets = remembered(parsed.offsets)
    offset = sum_offsets(offsets, columns, n)
    blocks = build_blocks(parsed.random, columns, n, center=center)
    check_group_names(blocks)
    check_levels(blocks)
    fixed = build_fixed(parsed.fixed, offsets, columns, n, center=center)
    blocks = one_spelling(fixed, blocks)
    if residual_variance:
        check_response(response, offset, centred=fixed.has_intercept)
        check_identified(blocks, n)
    return Design(
        formula=parsed,
        response=response,
        fixed=fixed,
        blocks=blocks,
        offset=offset,
        residual=Residual(weights=used_weights),
        frame=frame.copy(deep=False) if keep.all() else frame[keep],
        n_dropped=len(frame) - n,
        center=center,
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
