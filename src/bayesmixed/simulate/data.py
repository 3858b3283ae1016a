"""``simulate_data``: from a formula and true parameters to data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bayesmixed.design.build import build_design
from bayesmixed.design.frame import to_pandas
from bayesmixed.design.parameters import parameters_of
from bayesmixed.design.rank import warn_of_left_out
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.kernel.cross_products import incidence
from bayesmixed.errors import DataError, FormulaError
from bayesmixed.formula.parse import parse_formula
from bayesmixed.formula.terms import ParsedFormula
from bayesmixed.options import mapping_of, seed_sequence
from bayesmixed.simulate.layout import (
    Levels,
    Predictor,
    add_predictors,
    grouping_factors,
    make_layout,
    predictor_columns,
)
from bayesmixed.simulate.parameters import (
    Numbers,
    by_name,
    correlation_matrix,
    named_numbers,
    standard_deviations,
)
from bayesmixed.simulate.records import Simulation
from bayesmixed.surface import public

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame


@public
def simulate_data(
    formula: str,
    *,
    fixed: Numbers,
    sd: Mapping[str, Numbers],
    corr: Mapping[str, float | ArrayLike] | None = None,
    sigma: float = 1.0,
    groups: Mapping[str, Levels] | None = None,
    per_group: int | Sequence[int] = 10,
    predictors: Mapping[str, Predictor] | None = None,
    data: IntoFrame | None = None,
    seed: int | None = None,
) -> Simulation:
    """Draw data from a linear mixed model whose parameters are known.

    Use it to see what a model can find out: simulate, fit, and set truth beside estimate with
    :func:`bayesmixed.recover`. Every formula that can be fitted can be simulated.

    Parameters
    ----------
    formula : str
        As for :func:`bayesmixed.lmer`; the response is a plain name.
    fixed : mapping of str to float, or sequence of float
        True coefficients, ``{"Intercept": 250, "Days": 10}`` or in their order.
    sd : mapping of str to float, sequence or mapping
        True standard deviations of the effects of every grouping factor: ``{"Subject": [25, 6]}``,
        ``{"Subject": {"Intercept": 25, "Days": 6}}``, or one number where one effect varies. The factors of
        ``(1 | a/b)`` are ``"a"`` and ``"a:b"``.
    corr : mapping of str to float or matrix, optional
        True correlations, ``{"Subject": 0.1}`` for all pairs of effects, or a matrix, which may be a pandas
        frame labelled by the effects; 0 unless given.
    sigma : float, default 1.0
        Residual standard deviation, in the units of the response.
    groups : mapping of str to int or sequence, optional
        Levels of every grouping column: a number, or labels. Where there are several columns every
        combination of their levels is observed, as in crossed designs and with labels that begin anew within
        each outer level (``(1 | a/b)``); a list of numbers gives the levels within each group that the
        columns before make, ``{"school": 3, "class": [2, 4, 3]}``. Needed unless `data` is given.
    per_group : int or sequence of int, default 10
        Rows of every level, or of every combination of levels where there are several columns; or one number
        for each of them in order, where 0 leaves a combination out.
    predictors : mapping of str to str, sequence or mapping, optional
        How a predictor is made: ``"normal"``, a standard normal for every row (where nothing is said of it);
        ``"sequence"``, 0, 1, 2, ... within every group; or values, one for every row, or as many as are
        repeated within every group, such as ``range(10)`` or ``["control", "treated"]``.
        ``{"size": {"school": "normal"}}`` gives all rows of a school one value.
    data : pandas, polars or Arrow frame, optional
        Grouping columns and predictors of your own, in place of `groups`, `per_group` and `predictors`.
    seed : int, optional
        Repeats the data. Predictors, random effects and residuals are drawn from streams of their own, so
        that other standard deviations rescale the same deviates.

    Returns
    -------
    Simulation
        ``data``, ``truth``, ``ranef`` and ``formula``.

    Raises
    ------
    FormulaError
        When the formula cannot be read, or its response is not a plain column.
    DataError
        When a parameter, a level or a predictor is missing, unknown or impossible.

    Notes
    -----
    y = X b + offset + sum_k Z_k u_k + e with u_kj ~ N(0, S_k) for every level j and e ~ N(0, sigma^2).

    Examples
    --------
    >>> simulation = bm.simulate_data(
    ...     "Reaction ~ Days + (Days | Subject)",
    ...     groups={"Subject": 18},
    ...     per_group=10,
    ...     predictors={"Days": "sequence"},
    ...     fixed={"Intercept": 250, "Days": 10},
    ...     sd={"Subject": [25, 6]},
    ...     corr={"Subject": 0.1},
    ...     sigma=25,
    ...     seed=1,
    ... )
    >>> simulation.data.shape
    (180, 3)
    >>> simulation.truth["parameter"].tolist()[2:]
    ['sd_Subject[Intercept]', 'sd_Subject[Days]', 'corr_Subject[Intercept, Days]', 'sigma']
    """
    for argument, given, example in (
        ("sd", sd, "{'Subject': [25, 6]}"),
        ("corr", corr or {}, "{'Subject': 0.1}"),
        ("groups", groups or {}, "{'Subject': 18}"),
        ("predictors", predictors or {}, "{'Days': 'sequence'}"),
    ):
        mapping_of(given, argument, example)
    parsed = parse_formula(formula)
    parsed.refuse_residuals("simulate_data()")
    response = _response_column(parsed)
    related = next((bar for bar in parsed.random if bar.group.cov), None)
    if related is not None:
        raise DataError(
            f"simulate_data() does not take known covariances as in {related.text}; use fit.simulate()."
        )
    of_predictors, of_effects, of_residuals = np.random.default_rng(seed_sequence(seed)).spawn(3)
    if data is None:
        frame = _study(parsed, groups or {}, per_group, predictors or {}, of_predictors)
    elif groups is None and predictors is None:
        frame = to_pandas(data).copy()
    else:
        raise DataError("data= holds groups and predictors; leave groups= and predictors= out.")
    frame[response] = 0.0
    design = build_design(parsed, frame, missing="raise", residual_variance=False)
    warn_of_left_out(design)
    coefficients = named_numbers(fixed, design.fixed.terms, "fixed", design.fixed.keys)
    sds, correlations = _covariances(design, sd, corr or {})
    effects = _random_effects(design, sds, correlations, of_effects)
    noise = _residual_sd(sigma) * of_residuals.standard_normal(len(frame))
    frame[response] = _mean(design, coefficients, effects) + noise
    return Simulation(
        formula=parsed.text,
        data=frame,
        truth=_truth(design, coefficients, sds, correlations, sigma),
        ranef=_ranef(design, effects),
    )


def _response_column(parsed: ParsedFormula) -> str:
    """Name of the column that will be simulated."""
    response, left = parsed.response.parts[0], parsed.response
    if left.kind != "value" or not response.is_column:
        raise FormulaError(
            f"{left.text!r} is computed, so it cannot be simulated.",
            parsed.text,
            0,
            "Write a plain name left of '~'; transform the simulated column afterwards.",
        )
    return response.columns[0]


def _study(
    parsed: ParsedFormula,
    groups: Mapping[str, Levels],
    per_group: int | Sequence[int],
    predictors: Mapping[str, Predictor],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Grouping columns and predictors of a study."""
    factors = grouping_factors(parsed)
    layout = make_layout(factors, groups, per_group)
    return add_predictors(layout, predictor_columns(parsed), predictors, factors, rng)


def _covariances(
    design: Design, sd: Mapping[str, Numbers], corr: Mapping[str, float | ArrayLike]
) -> tuple[list[FloatArray], list[FloatArray]]:
    """True standard deviations and correlation matrix of every block."""
    known, keys = [block.group for block in design.blocks], [block.group_key for block in design.blocks]
    spreads = by_name(sd, known, keys, "sd")
    given = by_name(corr, known, keys, "corr", complete=False)
    sds = [standard_deviations(block, spreads[block.group]) for block in design.blocks]
    correlations = [
        correlation_matrix(block, given[block.group]) if block.group in given else np.eye(block.n_effects)
        for block in design.blocks
    ]
    return sds, correlations


def _random_effects(
    design: Design, sds: list[FloatArray], correlations: list[FloatArray], rng: np.random.Generator
) -> list[FloatArray]:
    """Random effects of every block, each of shape (J, k)."""
    return [
        sd
        * rng.multivariate_normal(
            np.zeros(block.n_effects), correlation, block.n_levels, check_valid="ignore", method="eigh"
        )
        for block, sd, correlation in zip(design.blocks, sds, correlations, strict=True)
    ]


def _residual_sd(sigma: float) -> float:
    """Residual standard deviation, checked."""
    value = named_numbers(sigma, ["sigma"], "sigma")[0]
    if value < 0:
        raise DataError(f"sigma={sigma!r} is negative.")
    return float(value)


def _mean(design: Design, coefficients: FloatArray, effects: list[FloatArray]) -> FloatArray:
    """Mean of every row, X b + offset + Z u, shape (n,)."""
    total: FloatArray = design.fixed.matrix @ coefficients + design.offset
    for block, ranef in zip(design.blocks, effects, strict=True):
        total += incidence(block.columns, block.meeting, block.n_levels) @ ranef.ravel()
    return total


def _truth(
    design: Design,
    coefficients: FloatArray,
    sds: list[FloatArray],
    correlations: list[FloatArray],
    sigma: float,
) -> pd.DataFrame:
    """Table of all parameters, in the order of their labels."""
    values = [*coefficients]
    for block, sd, correlation in zip(design.blocks, sds, correlations, strict=True):
        values += [
            *sd[block.covariances.leaders],
            *(correlation[each.pair] for _, each in block.correlations),
        ]
    labels = [parameter.label for parameter in parameters_of(design)]
    return pd.DataFrame({"parameter": labels, "value": np.array([*values, sigma], dtype=np.float64)})


def _ranef(design: Design, effects: list[FloatArray]) -> pd.DataFrame:
    """Table of the true random effects."""
    parts = [
        pd.DataFrame(
            {"group_var": block.group, "effect": effect, "group": list(block.levels), "value": ranef[:, e]}
        )
        for block, ranef in zip(design.blocks, effects, strict=True)
        for e, effect in enumerate(block.effects)
    ]
    columns = ["group_var", "effect", "group", "value"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
