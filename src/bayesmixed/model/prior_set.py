"""Defaults and a user's choices of priors, merged by the names of the parameters, and their table."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from bayesmixed import names
from bayesmixed.design.parameters import (
    CLASSES,
    Parameter,
    all_of,
    ambiguous,
    meanings,
    parameters_named,
    prior_parameters,
)
from bayesmixed.design.rank import absence
from bayesmixed.design.records import Design, FloatArray, LinearPredictor
from bayesmixed.errors import PriorError, near_names
from bayesmixed.families.family import Family
from bayesmixed.families.gaussian import GAUSSIAN
from bayesmixed.model.defaults import LOG_SD, LOG_WIDTH, constant_part, default_priors
from bayesmixed.model.link_scale import ScaleWords, scale_words
from bayesmixed.options import mapping_of
from bayesmixed.printing.frame import ResultTable
from bayesmixed.priors.choice import as_prior
from bayesmixed.priors.distributions import DISTRIBUTIONS
from bayesmixed.priors.prior import Prior, PriorSet
from bayesmixed.surface import public

_HALVES = {
    "Normal": "HalfNormal",
    "StudentT": "HalfStudentT",
    "Cauchy": "HalfCauchy",
    "Flat": "HalfFlat",
    "Uniform": "Uniform with lower=0",
    "TruncatedNormal": "TruncatedNormal with lower=0",
}


def complete_priors(
    design: Design, user: Mapping[str, object] | None = None, family: Family = GAUSSIAN
) -> PriorSet:
    """Priors of every parameter: the user's where chosen, else the defaults."""
    user = mapping_of(user, "priors", "{'b': bm.prior('Normal', mu=0, sigma=1)}")
    defaults = default_priors(design, family)
    parameters = prior_parameters(design, defaults.parameters)
    positive = {parameter.name for parameter in family.parameters if parameter.link == "log"}
    chosen = _chosen(design, parameters, user, positive)
    pairs = zip(parameters, defaults.in_order, strict=True)
    return defaults.replaced((chosen.get(p.label, default) for p, default in pairs), frozenset(chosen))


@dataclass(frozen=True, slots=True)
class _Class:
    """Several parameters that one name stands for."""

    label: str
    members: tuple[Parameter, ...]
    meanings: frozenset[Hashable] = frozenset()

    def is_named(self, text: str) -> bool:
        """Whether a text stands for them."""
        spelled = text in (self.label, names.every(self.label))
        return bool(self.members) and (spelled or not self.meanings.isdisjoint(meanings(text)))


def _classes(design: Design, parameters: Sequence[Parameter]) -> list[_Class]:
    """Names of several parameters, those of more before those of fewer."""
    found: list[_Class] = []
    for name, predictor in design.predictors.items():
        own = [p for p in parameters if p.predictor == name]
        of_kind = {kind: tuple(p for p in own if p.kind == kind) for kind in ("beta", "sd", "cor")}
        of_kind["beta"] = of_kind["beta"][1 if predictor.fixed.has_intercept else 0 :]
        found += [
            _Class(names.of_class(word, name), of_kind[kind])
            for word, kind in zip(CLASSES, of_kind, strict=True)
        ]
        for i, block in enumerate(predictor.blocks):
            sds = tuple(p for p in of_kind["sd"] if p.block == i)
            found.append(_Class(names.sd_label(block.name), sds, frozenset(all_of("sd", block))))
    return found


def _chosen(
    design: Design, parameters: Sequence[Parameter], user: Mapping[str, object], positive: set[str]
) -> dict[str, Prior]:
    """Label of every chosen parameter to its checked prior: of a class, then of a factor, then of one."""
    classes = _classes(design, parameters)
    found = {text: _meant(design, text, parameters, classes) for text in user}
    chosen: dict[str, Prior] = {}
    given: dict[tuple[Parameter, ...], str] = {}
    for text in sorted(found, key=lambda text: -len(found[text])):
        members, prior = found[text], as_prior(user[text])
        if given.setdefault(members, text) != text:
            raise PriorError(f"{given[members]!r} and {text!r} are the same parameter: give it one prior.")
        for parameter in members:
            _check_role(text, prior, parameter, positive)
        chosen |= {parameter.label: prior for parameter in members}
    return chosen


def _meant(
    design: Design, text: str, parameters: Sequence[Parameter], classes: Sequence[_Class]
) -> tuple[Parameter, ...]:
    """Parameters that a name stands for."""
    single = parameters_named(parameters, text)
    whole = [each for each in classes if each.is_named(text) and each.members != tuple(single)]
    if len(single) + len(whole) > 1:
        meant = {p.label: str(p) for p in single}
        meant |= {names.every(each.label): f"all of {len(each.members)} parameters" for each in whole}
        raise PriorError(f"Prior for {text!r}: {ambiguous(text, meant)}")
    if whole:
        return whole[0].members
    if not single:
        known = [p.label for p in parameters] + [each.label for each in classes if each.members]
        raise PriorError(_unknown_name(design, text, known))
    return tuple(single)


def _unknown_name(design: Design, name: str, known: list[str]) -> str:
    """Message for a prior of something that the model does not have."""
    for block in design.all_blocks:
        if name == names.corr_label(block.name):
            return f"Prior for {name!r}: the effects of {block.group!r} are not correlated in this model."
    why = absence(design, name) or near_names(name, known)
    return f"Prior for {name!r}: the model has no such parameter. {why}"


def _check_role(name: str, prior: Prior, parameter: Parameter, positive: set[str]) -> None:
    """Refuse a prior that its parameter cannot have; `positive` names the family's that are above zero."""
    support, kind = DISTRIBUTIONS[prior.name].support, parameter.kind
    structure = parameter.covariance or parameter.serial
    wrong = structure.refusal(prior) if structure else None
    if wrong:
        raise PriorError(f"Prior for {name!r}: {wrong}")
    if kind not in ("cor", "serial") and support == "correlation":
        raise PriorError(
            f"Prior for {name!r}: LKJ is for correlation matrices only ('corr_' and the factor)."
        )
    is_spread = kind in ("sd", "sigma")
    is_positive = is_spread or (kind == "family" and parameter.spellings[0] in positive)
    if is_positive and (support == "real" or prior.args.get("lower", 0.0) < 0):
        advice = _HALVES.get(prior.name, "HalfNormal")
        what = "a standard deviation" if is_spread else "that parameter"
        raise PriorError(f"Prior for {name!r}: {prior} reaches below zero, {what} cannot. Use {advice}.")


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
    predictor = design.predictors[parameter.predictor]
    match parameter.kind:
        case "beta":
            moved = _is_moved(predictor.fixed.centring, parameter.first)
        case "sd":
            moved = _is_moved(predictor.blocks[parameter.block].centring, parameter.first)
        case "cor":
            moved = predictor.blocks[parameter.block].is_centred
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
    predictor = design.predictors[parameter.predictor]
    fixed, name, j = predictor.fixed, parameter.effect_1, parameter.first
    match parameter.kind:
        case "beta" if parameter.predictor != names.MU:
            return _log_note(design, predictor, parameter, words)
        case "beta" if j == 0 and fixed.has_intercept:
            return f"{words.centre}, 2.5 {words.unit}".strip()
        case "beta":
            size = words.unit if fixed.has_intercept else words.level
            return f"2.5 {size} / {_spread('x', design, name, fixed.matrix, j)}".replace("  ", " ")
        case "sd":
            columns = predictor.blocks[parameter.block].columns
            divisor = "" if name == names.INTERCEPT else f" / {_spread('z', design, name, columns, j)}"
            unit = words.unit if parameter.predictor == names.MU else f"{LOG_SD:g}"
            return f"{unit or '1'}{divisor}"
        case "serial" if parameter.serial:
            return parameter.serial.prior_note
        case "cor" if parameter.covariance:
            return parameter.covariance.prior_note
        case "sigma":
            return words.sigma
    return words.parameters.get(parameter.spellings[0], "")


def _log_note(design: Design, predictor: LinearPredictor, parameter: Parameter, words: ScaleWords) -> str:
    """Say what the default prior of a coefficient of log(sigma) was made of."""
    fixed, j = predictor.fixed, parameter.first
    level = constant_part(fixed)
    minus = " - mean(offset)" if np.any(predictor.offset) else ""
    if level[j]:
        return f"log({words.sigma}){minus}, {LOG_WIDTH:g}"
    size = f"{LOG_WIDTH:g}" if np.any(level) else f"rms of log({words.sigma}){minus}"
    return f"{size} / {_spread('x', design, parameter.effect_1, fixed.matrix, j)}"


def _spread(symbol: str, design: Design, name: str, matrix: FloatArray, j: int) -> str:
    """Name of a column's scale: its standard deviation, or its root mean square when it is constant."""
    constant = np.ptp(matrix[:, j]) == 0 if design.sums is None else name in design.sums.constant
    return f"rms({symbol})" if constant else f"sd({symbol})"
