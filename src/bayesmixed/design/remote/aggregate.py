"""Formula and data that are not in memory to a design with sums in place of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bayesmixed.covariances.residual import Residual
from bayesmixed.design.blocks import bars_by_group, describe_block, is_centred
from bayesmixed.design.build import refuse_hidden_columns
from bayesmixed.design.centring import ColumnMoments, block_diagonal
from bayesmixed.design.checks import (
    check_group_names,
    check_identified,
    check_levels,
    refuse_constant,
    refuse_remote,
)
from bayesmixed.design.fixed import FixedRecipe, Offsets, centring_of, remembered
from bayesmixed.design.frame import ABSENT
from bayesmixed.design.lookup import one_spelling
from bayesmixed.design.rank import Aliases, Standardized, column_units, find_aliases, refuse_nearly_aliased
from bayesmixed.design.records import (
    Design,
    FixedDesign,
    FloatArray,
    LinearPredictor,
    Response,
    RowSource,
    RowSums,
)
from bayesmixed.design.remote.group_sums import BlockSums, pair_sums, sum_block
from bayesmixed.design.remote.matrix import LazyMatrix
from bayesmixed.design.remote.model_columns import ModelColumns, ShiftedColumns, model_columns, shift_columns
from bayesmixed.design.remote.rows import ONE, LazyRows, read_rows
from bayesmixed.design.remote.source import open_source
from bayesmixed.design.remote.sums import TARGET, log_weights_of, ranges_of
from bayesmixed.design.response import build_response
from bayesmixed.errors import DataError
from bayesmixed.formula.terms import ParsedFormula
from bayesmixed.names import MU
from bayesmixed.options import Center, Missing, one_of

RANK_TOLERANCE = 1e-6
"""Share of a column's length that sums of squares can tell from nothing: the root of their precision."""


def _refuse_rows_of_several(parsed: ParsedFormula) -> None:
    """Refuse groupings and smooths, of which sums by level do not tell all."""
    bar = next((bar for bar in parsed.random if bar.group.cov or bar.group.is_several), None)
    what = next((each for each in (bar, *parsed.smooths) if each is not None), None)
    if what is not None:
        raise DataError(
            f"{what.text} needs the rows in memory, and data is a path or a lazy frame. Read the data, or a "
            "sample of them, first."
        )


def aggregate_design(
    parsed: ParsedFormula,
    data: Any,
    *,
    weights: object = None,
    missing: Missing = "drop",
    center: Center = True,
) -> Design:
    """Build the design of a gaussian model from queries, without its rows.

    Use it where the data are larger than memory: a Parquet file or pattern, or a lazy frame. The fit is the
    same as of the rows in memory, since a gaussian model needs only sums of products of their columns.

    A first pass counts missing values, a second finds the mean and range of every column, a third sums the
    products of all columns, less their means so that no digits are lost, by the levels of the finest grouping
    factor. That is all where it is nested in the others; else there is one query for each further grouping
    factor, and for each pair of them by the pairs of levels that some row has. ``scale()`` and ``center()``
    have a pass of their own, categorical predictors a query for their levels, weights a check.
    """
    one_of(missing, Missing, "missing")
    _refuse_rows_of_several(parsed)
    source = open_source(data)
    refuse_hidden_columns(parsed, source.collect_schema().names())
    if parsed.response.kind != "value":
        build_response(parsed.response, {}, 0)
    weights = _weights(parsed, weights)
    rows = read_rows(source, parsed.columns, weights, missing)
    offsets = remembered(parsed.offsets)
    columns = model_columns(parsed, offsets, rows)
    ranges = ranges_of(rows.frame, columns.expressions)
    if ranges[TARGET].is_constant:
        refuse_constant(parsed.response.text, ranges[TARGET].low, has_offset=bool(offsets))
    weight = str(weights) if weights is not None else None
    log_weights = 0.0 if weight is None else log_weights_of(rows.frame, weight)
    shifted = shift_columns(columns, ranges, rows, keys=_finest(parsed), weights=weight)
    aliases = _aliases(columns, shifted)
    columns = columns.keeping(aliases.kept)
    fixed = _fixed(parsed, offsets, columns, shifted, aliases, center)
    blocks = _blocks(parsed, columns, shifted, rows, fixed, center)
    residual = Residual(weights=None if weight is None else ABSENT, log_weights=log_weights)
    named = one_spelling(fixed, [each.block for each in blocks])
    mean = LinearPredictor(parameter=MU, fixed=fixed, blocks=named, offset=ABSENT)
    check_group_names([mean], residual)
    return Design(
        formula=parsed,
        response=Response(name=parsed.response.text, values=ABSENT),
        fixed=fixed,
        blocks=named,
        offset=ABSENT,
        residual=residual,
        frame=ABSENT,
        n_dropped=rows.n_dropped,
        sums=_sums(rows, columns, shifted, fixed, blocks),
        source=RowSource(data=data, weights=weight),
        center=center,
    )


def _weights(parsed: ParsedFormula, weights: object) -> object:
    """Weights of the rows, which a formula may state; what needs the rows is refused."""
    stated = parsed.response.additions.weights
    wanted = [each.text for each in parsed.others]
    wanted += [] if parsed.residual is None else [parsed.residual.source]
    wanted += [] if parsed.response.additions.errors is None else ["se()"]
    wanted += [] if stated is None or stated.is_column else [f"weights({stated.text})"]
    if wanted:
        raise DataError(
            f"{wanted[0]!r} needs the rows in memory, and data is a path or a lazy frame. Read the data, or "
            "a sample of them, first."
        )
    if stated is None:
        return weights
    if weights is not None:
        raise DataError("weights= and weights() of the formula both state weights; leave one of them out.")
    return stated.columns[0]


def _finest(parsed: ParsedFormula) -> list[str]:
    """Columns of the grouping factor that is made of the most, among them those of what it is nested in."""
    factors = [list(bar.group.columns) for bar in parsed.random]
    return max(factors, key=len, default=[])


def _aliases(columns: ModelColumns, shifted: ShiftedColumns) -> Aliases:
    """Columns of X that are combinations of earlier ones."""
    names, recipe = columns.named([columns.fixed]), columns.fixed.recipe
    centres, scales = column_units(*shifted.location(names), has_intercept=recipe.has_intercept)
    to_x = shifted.mapped(names, centres) / scales[:, None]
    values, vectors = np.linalg.eigh(to_x @ shifted.totals @ to_x.T / shifted.totals[0, 0])
    root = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    lean = Standardized(root=root, centres=centres, scales=scales)
    found = find_aliases(lean, RANK_TOLERANCE)
    refuse_nearly_aliased(lean, found, recipe.names)
    return found


def _fixed(
    parsed: ParsedFormula,
    offsets: Offsets,
    columns: ModelColumns,
    shifted: ShiftedColumns,
    aliases: Aliases,
    center: Center,
) -> FixedDesign:
    """X without its rows, of full column rank."""
    names, recipe = columns.named([columns.fixed]), columns.fixed.recipe
    terms = tuple(column.name for column in columns.fixed.columns)
    centring = _centring(columns, columns.fixed, shifted, center, aliases)
    if not recipe.has_intercept:
        refuse_remote((*terms, parsed.response.text), *shifted.location([*names, TARGET]))
    return FixedDesign(
        matrix=ABSENT,
        terms=terms,
        left_out=tuple(recipe.names[j] for j in aliases.left_out),
        has_intercept=recipe.has_intercept,
        centring=centring,
        scales=shifted.centred_scales(names, centring),
        recipe=FixedRecipe(matrix=recipe, aliases=aliases, offsets=offsets),
        keys=tuple(recipe.columns[j].key for j in aliases.kept),
        left_out_keys=tuple(recipe.columns[j].key for j in aliases.left_out),
    )


def _centring(
    columns: ModelColumns,
    matrix: LazyMatrix,
    shifted: ShiftedColumns,
    center: Center,
    aliases: Aliases | None = None,
) -> FloatArray:
    """Map to the centred columns of a matrix, as `matrix_centring` finds it of rows."""
    names, recipe = columns.named([matrix]), matrix.recipe
    means = np.array([shifted.means[name] for name in names])
    as_they_are = shifted.mapped(names, [0.0] * len(names))
    moments = ColumnMoments(
        means=means,
        constant=np.array([name in shifted.constant for name in names], dtype=bool),
        means_of=lambda products: means @ products,
        inner=lambda left, right: float(left @ as_they_are @ shifted.totals @ as_they_are.T @ right),
    )
    return centring_of(moments, recipe, center=center, aliases=aliases)


def _blocks(
    parsed: ParsedFormula,
    columns: ModelColumns,
    shifted: ShiftedColumns,
    rows: LazyRows,
    fixed: FixedDesign,
    center: Center,
) -> list[BlockSums]:
    """Grouping factors with their sums, by decreasing number of levels, then as written."""
    x, out = columns.named([columns.fixed]), []
    for bars, matrices in zip(bars_by_group(parsed.random), columns.effects, strict=True):
        z = columns.named(matrices)
        centring = block_diagonal(
            [
                _centring(columns, matrix, shifted, is_centred(bar, center))
                for bar, matrix in zip(bars, matrices, strict=True)
            ]
        )
        scales = shifted.centred_scales(z, centring)
        block = describe_block(bars, [matrix.recipe for matrix in matrices], centring, scales)
        refuse_remote(block.effects, *shifted.location(z))
        block = replace(block, moments=_second_moments(shifted, [ONE, *z]))
        out.append(sum_block(block, bars[0].group.factors, z, fixed, x, shifted))
    out.sort(key=lambda each: -each.block.n_levels)
    blocks = [each.block for each in out]
    check_levels(blocks)
    check_identified(blocks, rows.n_rows)
    return out


def _sums(
    rows: LazyRows,
    columns: ModelColumns,
    shifted: ShiftedColumns,
    fixed: FixedDesign,
    blocks: Sequence[BlockSums],
) -> RowSums:
    """All that a gaussian model needs of the rows."""
    x = columns.named([columns.fixed])
    to_x = shifted.standardizing(x, fixed.centring, fixed.scales)
    to_y = shifted.target(centred=fixed.has_intercept)
    about_means = shifted.mapped(x, [shifted.means[name] for name in x])
    return RowSums(
        n_rows=rows.n_rows,
        n_columns=rows.n_columns,
        response_mean=shifted.means[TARGET],
        response_sd=shifted.scales[TARGET],
        fixed_means=np.array([shifted.means[name] for name in x]),
        fixed_covariance=about_means @ shifted.totals @ about_means.T / (rows.n_rows - 1),
        constant=columns.labels_of(shifted.constant),
        pairs=pair_sums(blocks, shifted),
        fixed=tuple(each.fixed for each in blocks),
        response=tuple(each.response for each in blocks),
        fixed_gram=to_x @ shifted.weighted @ to_x.T,
        fixed_response=(to_x @ shifted.weighted @ to_y.T)[:, 0],
        response_squared=float((to_y @ shifted.weighted @ to_y.T)[0, 0]),
    )


def _second_moments(shifted: ShiftedColumns, names: Sequence[str]) -> FloatArray:
    """Means over the rows of the products of columns, in the units of the data."""
    as_they_are = shifted.mapped(names, [0.0] * len(names))
    return np.asarray(as_they_are @ shifted.totals @ as_they_are.T / shifted.totals[0, 0])
