"""The priors of a model as a printable table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from bayesmixed import names
from bayesmixed.design.parameters import Parameter, prior_parameters
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.families.family import Family
from bayesmixed.families.gaussian import GAUSSIAN
from bayesmixed.model.link_scale import ScaleWords, scale_words
from bayesmixed.printing.frame import ResultTable
from bayesmixed.priors.prior import Prior, PriorSet
from bayesmixed.surface import public


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorRow:
    """One line of a prior table."""

    parameter: str  # name under which a user replaces the prior
    prior: Prior  # the prior used
    source: Literal["default", "user"]  # who chose it
    note: str  # what its scale was made of, or where its parameter lives


@dataclass(frozen=True, slots=True)
class PriorTable:
    """The priors of a fit, as they were used; print it, or call `table`.

    Attributes
    ----------
    rows : tuple[PriorRow, ...]
        One for each parameter.
    """

    rows: tuple[PriorRow, ...]

    @public
    def table(self) -> pd.DataFrame:
        """Lay the priors out as a data frame.

        Returns
        -------
        pandas.DataFrame
            ``parameter`` (the name under which ``priors=`` replaces it), ``prior``, ``source`` (``"default"``
            or ``"user"``), ``note`` (what its scale was made of); all are text.

        Examples
        --------
        >>> fit.priors.table().loc[1, ["parameter", "prior"]].tolist()
        ['Days', 'Normal(mu=0, sigma=48.89)']
        """
        records = [(row.parameter, str(row.prior), row.source, row.note) for row in self.rows]
        return pd.DataFrame(records, columns=["parameter", "prior", "source", "note"])

    def __str__(self) -> str:
        return str(ResultTable(self.table()))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Table as a notebook shows it."""
        return ResultTable(self.table())._repr_html_()


def prior_table(design: Design, prior_set: PriorSet, family: Family = GAUSSIAN) -> PriorTable:
    """Table of the priors of a model."""
    words = scale_words(family, has_offset=bool(design.formula.offsets))
    rows = []
    parameters = prior_parameters(design, prior_set.parameters)
    for parameter, prior in zip(parameters, prior_set.in_order, strict=True):
        chosen = parameter.label in prior_set.user
        note = _place(design, parameter) if chosen else _note(design, parameter, words)
        source: Literal["default", "user"] = "user" if chosen else "default"
        rows.append(PriorRow(parameter=parameter.label, prior=prior, source=source, note=note))
    return PriorTable(tuple(rows))


def _place(design: Design, parameter: Parameter) -> str:
    """Where the prior of a parameter stands, when that is not at zero."""
    match parameter.kind:
        case "beta":
            moved = _is_moved(design.fixed.centring, parameter.first)
        case "sd":
            moved = _is_moved(design.blocks[parameter.block].centring, parameter.first)
        case "cor":
            moved = design.blocks[parameter.block].is_centred
        case _:
            moved = False
    return "at the means of the columns" if moved else ""


def _is_moved(centring: FloatArray, j: int) -> bool:
    """Whether something is not the same for centred columns as for the columns as they are."""
    return bool(np.any(centring[j] != np.eye(len(centring))[j]))


def _note(design: Design, parameter: Parameter, words: ScaleWords) -> str:
    """Say what a default prior was made of, and where it stands."""
    place, note = _place(design, parameter), _scale_note(design, parameter, words)
    return f"{place}: {note}" if place else note


def _scale_note(design: Design, parameter: Parameter, words: ScaleWords) -> str:
    """Say what a default prior was made of."""
    fixed, name, j = design.fixed, parameter.effect_1, parameter.first
    match parameter.kind:
        case "beta" if j == 0 and fixed.has_intercept:
            return f"{words.centre}, 2.5 {words.unit}".strip()
        case "beta":
            size = words.unit if fixed.has_intercept else words.level
            return f"2.5 {size} / {_spread('x', design, name, fixed.matrix, j)}".replace("  ", " ")
        case "sd":
            columns = design.blocks[parameter.block].columns
            divisor = "" if name == names.INTERCEPT else f" / {_spread('z', design, name, columns, j)}"
            return f"{words.unit or '1'}{divisor}"
        case "cor" if parameter.covariance:
            return parameter.covariance.prior_note
        case "sigma":
            return words.sigma
    return words.parameters.get(parameter.spellings[0], "")


def _spread(symbol: str, design: Design, name: str, matrix: FloatArray, j: int) -> str:
    """Name of a column's scale: its standard deviation, or its root mean square when it is constant."""
    constant = np.ptp(matrix[:, j]) == 0 if design.sums is None else name in design.sums.constant
    return f"rms({symbol})" if constant else f"sd({symbol})"
