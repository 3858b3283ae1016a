"""One fit as a regression table, several fits side by side, one frame: the tables that go into a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
import pandas as pd

from bayesmixed.errors import BayesmixedError
from bayesmixed.options import Beneath, mapping_of, one_of
from bayesmixed.printing.table import Column, clean, format_fixed, format_numbers
from bayesmixed.surface import public
from bayesmixed.tables.fit_rows import (
    BAYES,
    FIXED,
    NAN,
    PARTS,
    FitRow,
    check_labels,
    fit_rows,
    interval_rule,
    method_of,
)
from bayesmixed.tables.printed import PrintedTable, frame_table
from bayesmixed.tables.reml_summary import p_text
from bayesmixed.tables.summary_columns import decimals_for, left
from bayesmixed.verbs.contract import Fit


@public
def table(
    what: pd.DataFrame | Fit,
    *,
    prob: float = 0.95,
    digits: int = 4,
    labels: Mapping[str, str] | None = None,
    loo: bool = False,
    caption: str = "",
) -> PrintedTable:
    """Table for people: a fit, or the frame that one of its verbs returned.

    Use it to take results into a paper, a notebook or a README: the table writes itself as text, Markdown,
    LaTeX, HTML, a great_tables object or a frame of texts. :func:`models_table` sets several fits side by
    side.

    Parameters
    ----------
    what : pandas.DataFrame, MixedFit or RemlFit
        A frame is rounded, and its intervals are put into one column. A fit becomes a regression table.
    prob : float, default 0.95
        Probability inside the intervals of a fit; a frame has its own.
    digits : int, default 4
        Significant digits.
    labels : mapping of str to str, optional
        Names of a fit's coefficients to the names that are printed, e.g. ``{"Days": "Days without sleep"}``.
    loo : bool, default False
        Whether the expected log predictive density by leave-one-out of a Bayesian fit is computed.
    caption : str, default ""
        Printed above the table.

    Returns
    -------
    PrintedTable
        With ``to_markdown()``, ``to_latex()``, ``to_html()``, ``to_great_tables()`` and ``to_frame()``.

    Raises
    ------
    BayesmixedError
        When `what` is neither, `labels` names a coefficient that the fit does not have, or `prob` is not
        between 0 and 1.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.lmer("Reaction ~ Days + (1 | Subject)", bm.load_dataset("sleepstudy"), method="reml")
    >>> bm.table(fit.fixef()).to_frame()["95% interval"].tolist()
    ['[231.2332, 271.5770]', '[8.8791, 12.0555]']
    """
    if isinstance(what, pd.DataFrame):
        return frame_table(what, digits=digits, caption=caption)
    rows = _checked_rows({"": what}, prob, loo, labels)[0]
    return PrintedTable(
        columns=_fit_columns(rows, method_of(what), prob, digits),
        parts=tuple((part, len(list(members))) for part, members in groupby(row.part for row in rows)),
        caption=caption,
        notes=_meanings([what], None, prob),
    )


@public
def models_table(
    fits: Mapping[str, Fit] | Sequence[Fit],
    *,
    beneath: Beneath = "se",
    prob: float = 0.95,
    digits: int = 4,
    labels: Mapping[str, str] | None = None,
    loo: bool = False,
    caption: str = "",
) -> PrintedTable:
    """Several fits side by side, one column each, as R's stargazer sets them.

    Use it to show how estimates change from model to model, or how the posterior stands beside REML.

    Parameters
    ----------
    fits : mapping or sequence of MixedFit and RemlFit
        Headers to fits; without headers they are ``(1)``, ``(2)``, ...
    beneath : {"se", "interval", "nothing"}, default "se"
        What stands under each estimate: the standard error in parentheses, the interval in brackets, or
        nothing.
    prob : float, default 0.95
        Probability inside the intervals.
    digits : int, default 4
        Significant digits of the smallest standard error in a row.
    labels : mapping of str to str, optional
        Names of coefficients to the names that are printed.
    loo : bool, default False
        Whether the expected log predictive density by leave-one-out of every Bayesian fit is computed.
    caption : str, default ""
        Printed above the table.

    Returns
    -------
    PrintedTable
        Coefficients, random effects, sizes, shares of variance and criteria; blank where a fit does not have
        them. With ``to_markdown()``, ``to_latex()``, ``to_html()``, ``to_great_tables()``, ``to_frame()``.

    Raises
    ------
    BayesmixedError
        When `fits` is empty or holds something else, `labels` names a coefficient that no fit has, or
        `beneath` or `prob` is not known.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> sleep = bm.load_dataset("sleepstudy")
    >>> formulas = ("Reaction ~ 1 + (1 | Subject)", "Reaction ~ Days + (1 | Subject)")
    >>> fits = [bm.lmer(formula, sleep, method="ml") for formula in formulas]
    >>> print(bm.models_table(fits).to_frame().iloc[:4, 1:].to_string(index=False))
          row     (1)      (2)
    Intercept 298.508  251.405
              (8.795)  (9.506)
         Days          10.4673
                      (0.8017)
    """
    one_of(beneath, Beneath, "beneath")
    if not isinstance(fits, Mapping | Sequence):
        fits = [fits]
    named = dict(fits) if isinstance(fits, Mapping) else {f"({i})": fit for i, fit in enumerate(fits, 1)}
    if not named:
        raise BayesmixedError("models_table needs at least one fit.")
    found = _checked_rows(named, prob, loo, labels)
    lines: list[tuple[str, tuple[str, ...]]] = []
    parts: list[tuple[str, int]] = []
    for part in PARTS:
        block = [line for row in _merged_rows(found, part) for line in _lines(found, row, beneath, digits)]
        lines += block
        parts += [(part, len(block))] if block else []
    cells = zip(*(values for _, values in lines), strict=True)
    return PrintedTable(
        columns=(
            left("", [label for label, _ in lines]),
            *(
                Column(header=clean(str(name)), cells=column)
                for name, column in zip(named, cells, strict=True)
            ),
        ),
        parts=tuple(parts),
        caption=caption,
        notes=(*_meanings(list(named.values()), beneath, prob), *_warnings(found)),
    )


def _checked_rows(
    fits: Mapping[str, Fit], prob: float, loo: bool, labels: Mapping[str, str] | None
) -> list[tuple[FitRow, ...]]:
    """Rows of every fit, once the labels are known to name coefficients."""
    labels = mapping_of(labels, "labels", "{'Days': 'Days without sleep'}")
    rows = [fit_rows(fit, prob=prob, loo=loo, labels=labels) for fit in fits.values()]
    check_labels(labels, [fit.spec.design for fit in fits.values()])
    return rows


def _fit_columns(rows: Sequence[FitRow], method: str, prob: float, digits: int) -> tuple[Column, ...]:
    """Columns of the table of one fit; what is empty in every row is left out."""
    texts = [_texts([row], digits)[0] for row in rows]
    p = tuple("" if np.isnan(row.p) else p_text(row.p) for row in rows)
    error = "Est.Error" if method == BAYES else "Std. Error"
    columns = (
        left("", [row.label for row in rows]),
        Column(header="Estimate", cells=tuple(text[0] for text in texts)),
        Column(header=error, cells=tuple(text[1] for text in texts)),
        Column(header=f"{100 * prob:.6g}% interval", cells=tuple(text[2] for text in texts)),
        Column(header="p", cells=p),
    )
    return tuple(column for column in columns if any(column.cells))


def _texts(rows: Sequence[FitRow | None], digits: int) -> list[tuple[str, str, str]]:
    """Estimate, error and interval of one quantity in every fit, with the same decimals, blank where none."""
    numbers = np.array([_numbers(row) for row in rows])
    decimals = next((row.decimals for row in rows if row is not None), None)
    if decimals is None:
        decimals = decimals_for(numbers[:, 1], digits)
    flat = numbers.ravel()
    cells = format_numbers(flat, digits) if decimals is None else format_fixed(flat, decimals)
    shown = np.where(np.isnan(numbers), "", np.reshape(cells, numbers.shape))
    return [_row_texts(row, *map(str, texts)) for row, texts in zip(rows, shown, strict=True)]


def _numbers(row: FitRow | None) -> tuple[float, float, float, float]:
    """Estimate, error and ends of the interval."""
    return (NAN, NAN, NAN, NAN) if row is None else (row.value, row.se, row.lower, row.upper)


def _row_texts(row: FitRow | None, value: str, se: str, lower: str, upper: str) -> tuple[str, str, str]:
    """Cells of one row, its interval in one piece."""
    interval = f"[{lower}, {upper}]" if lower and upper else ""
    return (row.text or value) if row else "", se, interval


def _lines(
    found: Sequence[tuple[FitRow, ...]], wanted: FitRow, beneath: Beneath, digits: int
) -> list[tuple[str, tuple[str, ...]]]:
    """Line of the estimates of one quantity and, where there is any, the line beneath."""
    rows = [next((row for row in rows if row.row == wanted.row), None) for rows in found]
    texts = _texts(rows, digits)
    lines = [(wanted.label, tuple(text[0] for text in texts))]
    below = tuple(
        (f"({error})" if error else "") if beneath == "se" else interval for _, error, interval in texts
    )
    return [*lines, ("", below)] if beneath != "nothing" and any(below) else lines


def _merged_rows(found: Sequence[tuple[FitRow, ...]], part: str) -> list[FitRow]:
    """Rows of all fits in one order, spelled as in the first: each behind its predecessor in its own fit."""
    merged: list[FitRow] = []
    for rows in found:
        at = 0
        for row in (row for row in rows if row.part == part):
            known = [other.row for other in merged]
            if row.row not in known:
                merged.insert(at, row)
                known.insert(at, row.row)
            at = known.index(row.row) + 1
    return merged


def _meanings(fits: Sequence[Fit], beneath: Beneath | None, prob: float) -> tuple[str, ...]:
    """What the numbers are, for every method; `beneath` is None for the table of one fit."""
    level = f"{100 * prob:.6g}%"
    bayes = {
        None: f"posterior medians, posterior standard deviations, equal-tailed {level} intervals.",
        "se": "posterior medians, posterior standard deviations in parentheses.",
        "interval": f"posterior medians, equal-tailed {level} intervals in brackets.",
        "nothing": "posterior medians.",
    }
    methods: dict[str, set[str]] = {}
    for fit in fits:
        by = "" if method_of(fit) == BAYES else interval_rule(fit)
        methods.setdefault(by, set()).add(method_of(fit))
    said = [f"{BAYES}: {bayes[beneath]}"] if "" in methods else []
    for by in sorted(set(methods) - {""}):
        classical = {
            None: f"estimates, standard errors, {level} intervals by {by}.",
            "se": "estimates, standard errors in parentheses.",
            "interval": f"estimates, {level} intervals by {by} in brackets.",
            "nothing": "estimates.",
        }
        said.append(f"{' and '.join(sorted(methods[by]))}: {classical[beneath]}")
    return tuple(said)


def _warnings(found: Sequence[tuple[FitRow, ...]]) -> tuple[str, ...]:
    """What must not be read out of the columns."""
    reml = [rows for rows in found if any(row.text == "REML" for row in rows)]
    fixed = {tuple(row.label for row in rows if row.part == FIXED) for rows in reml}
    if len(fixed) < 2:
        return ()
    return ("REML likelihoods of models with different fixed effects cannot be compared; use method='ml'.",)
