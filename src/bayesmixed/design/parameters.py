"""The parameters of a model: what they are called, and which of them a text names."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bayesmixed import names
from bayesmixed.covariances.covariance import Covariance
from bayesmixed.covariances.serial import Serial
from bayesmixed.design.records import Design, GroupBlock, LinearPredictor
from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.formula.algebra import ColumnKey
from bayesmixed.formula.expression import column_expression, is_plain_name
from bayesmixed.formula.named import is_quoted, read_name

ParameterKind = Literal["beta", "sd", "cor", "sigma", "family", "serial"]

WORDS = ("b", "sd", "cor", "beta", "theta")
"""Words that stand for several parameters somewhere."""

PREFIXES = ("b_", "sd_", "corr_", names.BETA)
"""What labels begin with."""

CLASSES = ("b", "sd", "cor")
"""Words that stand for all coefficients, standard deviations or correlations of a predictor."""

WITHIN_BRACKETS = re.compile(r".[\[\]].")
"""A bracket in the name of a level, ``[T.a[b]``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a model.

    Attributes
    ----------
    kind : {"beta", "sd", "cor", "sigma", "family", "serial"}
        Coefficient, standard deviation or correlation of random effects, residual standard deviation, other
        parameter of the family, correlation of residuals.
    label : str
        What a user writes for it and no other parameter, e.g. ``"sd_Subject[Days]"``.
    name : str
        The name that lme4 prints, e.g. ``"cor_Days.Intercept|Subject"``; the label where that one stands for
        another parameter too.
    spellings : tuple[str, ...]
        All ways in which it may be written, the usual one first.
    meanings : tuple
        What it means, by which a text that is spelled in another way is found; the first in full.
    group : str
        Grouping factor; ``"Residual"`` for sigma and correlations of residuals, else empty.
    effect_1 : str
        The effect, or the term of a coefficient, or the occasion of a residual; empty for parameters of the
        family.
    effect_2 : str
        Second effect of a correlation, else empty.
    block : int
        Index of the grouping factor in the design; -1 where there is none.
    first : int
        Index of the effect in the block, or of the coefficient; 0 for parameters of the family.
    second : int
        Index of the second effect of a correlation, else -1.
    covariance : Covariance or None
        Structure to which a correlation belongs.
    serial : Serial or None
        Structure to which a correlation of residuals belongs.
    predictor : str
        Parameter whose predictor a coefficient, standard deviation or correlation is a part of: ``"mu"`` for
        the mean.
    """

    kind: ParameterKind
    label: str = ""
    name: str
    spellings: tuple[str, ...]
    meanings: tuple[Hashable, ...]
    group: str = ""
    effect_1: str = ""
    effect_2: str = ""
    block: int = -1
    first: int = 0
    second: int = -1
    covariance: Covariance | None = None
    serial: Serial | None = field(default=None, compare=False)
    predictor: str = names.MU

    @property
    def effect(self) -> str:
        """The effect, the term, or both effects of a correlation, e.g. ``"Intercept.Days"``."""
        return f"{self.effect_1}.{self.effect_2}" if self.effect_2 else self.effect_1

    @property
    def about(self) -> str:
        """Parameter of the family that it is about: what the column ``parameter`` of tables says."""
        return names.SIGMA if self.group == names.RESIDUAL else self.predictor

    def __str__(self) -> str:
        """What it is, in words."""
        where = "" if self.predictor == names.MU else f" in the predictor of {self.predictor}"
        match self.kind:
            case "beta":
                return f"the coefficient {self.effect_1!r}{where}"
            case "sd":
                return f"the standard deviation of {self.effect_1!r} over {self.group!r}{where}"
            case "cor":
                one = f" {self.effect_1!r}" if self.effect_1 else "s"
                between = f" of {self.effect_1!r} and {self.effect_2!r}" if self.effect_2 else one
                return f"the correlation{between} over {self.group!r}{where}"
            case "sigma":
                return "the residual standard deviation"
            case "serial":
                between = f" at {self.effect_1!r} and {self.effect_2!r}" if self.effect_2 else ""
                return f"the correlation of residuals{between}"
        return f"the parameter {self.name!r} of the family"


def parameters_of(design: Design, own: Iterable[str] | None = None) -> tuple[Parameter, ...]:
    """Parameters of a model: coefficients, standard deviations and correlations by factor, of the family.

    `own` names those that are one number, or one matrix, for all rows, of the family and of the residuals'
    correlations; unless given those of a gaussian model. Those of the predictors of parameters beside the
    mean come last. A DataError where columns are called so that no text names one of the parameters alone.
    """
    return _all(design, own, _correlations, _serial_pairs)


def prior_parameters(design: Design, own: Iterable[str] | None = None) -> tuple[Parameter, ...]:
    """List what has a prior of its own: as :func:`parameters_of`, all correlations of a factor together."""
    return _all(design, own, _correlation_priors, _serial_prior)


def _all(
    design: Design,
    own: Iterable[str] | None,
    correlations: Callable[[GroupBlock, int], Iterator[Parameter]],
    serial: Callable[[Serial], Iterator[Parameter]],
) -> tuple[Parameter, ...]:
    """Parameters of a model, each with a label of its own."""
    words = {*WORDS, *(names.of_class(word, each.parameter) for word in CLASSES for each in design.others)}
    mean, *others = ([*_of_predictor(each, correlations, words)] for each in design.predictors.values())
    residuals = design.residual.correlation
    for name in design.residual_names if own is None else own:
        mean += [*serial(residuals)] if name == residuals.label else [_of_family(name)]
    found = [*mean, *(parameter for each in others for parameter in each)]
    return _told_apart(found, words, is_read=not _is_plain(design))


def _of_predictor(
    predictor: LinearPredictor,
    correlations: Callable[[GroupBlock, int], Iterator[Parameter]],
    words: set[str],
) -> Iterator[Parameter]:
    """Parameters of one predictor; words that stand for several of them are added to some."""
    yield from _coefficients(predictor)
    for i, block in enumerate(predictor.blocks):
        own = [*_deviations(block, i), *correlations(block, i)]
        several = {names.sd_label(block.name), names.corr_label(block.name)}
        words |= several.difference(*(parameter.spellings for parameter in own))
        yield from own


def parameters_named(parameters: Sequence[Parameter], text: str) -> list[Parameter]:
    """Find the parameters that a text names: one as a rule, none where no parameter has the name."""
    meant = set(meanings(text))
    found = [p for p in parameters if text in p.spellings or not meant.isdisjoint(p.meanings)]
    return found or (parameters_named(parameters, text[1:-1]) if is_quoted(text) else [])


def parameter_named(parameters: Sequence[Parameter], text: object) -> Parameter | None:
    """Parameter that a text names, None for none."""
    found = parameters_named(parameters, text) if isinstance(text, str) else []
    if len(found) > 1:
        raise BayesmixedError(ambiguous(str(text), {p.label: str(p) for p in found}))
    return found[0] if found else None


def ambiguous(text: str, meant: dict[str, str]) -> str:
    """Message for a text that may stand for several things, given what to write for each."""
    choices = ", ".join(f"{label!r} for {what}" for label, what in meant.items())
    return f"{text!r} may stand for several parameters of this model. Write {choices}."


def meanings(text: str) -> Iterator[Hashable]:
    """Everything that a text may mean as the name of a parameter, whatever its blanks, quotes and order."""
    yield "family", text
    yield from _meanings(text)
    for parameter, of_mean in _in_predictor(text):
        yield from _within(parameter, _meanings(of_mean))


def _in_predictor(text: str) -> Iterator[tuple[str, str]]:
    """Parameter whose predictor a text may be about, and what it would be in that of the mean.

    ``"sigma_x"`` is its ``"x"``, ``"sd_sigma_g"`` its ``"sd_g"``, ``"beta_sigma[x]"`` its ``"beta[x]"``.
    """
    for kind, mark in (("", "_"), ("b_", "_"), ("sd_", "_"), ("corr_", "_"), (f"{names.BETA}_", "[")):
        parameter, found, rest = text.removeprefix(kind).partition(mark)
        if text.startswith(kind) and rest:
            yield parameter, f"{kind}{rest}" if found == "_" else f"{names.BETA}[{rest}"


def _meanings(text: str) -> Iterator[Hashable]:
    """What a text may mean in the predictor of the mean."""
    for term in (text, text.removeprefix("b_"), _inside(text, names.BETA)):
        yield from _meaning("beta", read_name(term))
    for kind in ("sd", "corr"):
        if not text.startswith(f"{kind}_"):
            continue
        group, effects = _bracketed(text.removeprefix(f"{kind}_"))
        key = read_name(group)
        if effects is None:
            yield from _meaning(kind, key)
            continue
        for parts in [(effects,)] if kind == "sd" else _halves(effects):
            yield from _meaning(kind, key, *map(_effect_key, parts))


def all_of(kind: str, block: GroupBlock) -> Iterator[Hashable]:
    """What the name of all standard deviations (``"sd"``) or correlations (``"corr"``) of a factor means."""
    return _within(block.parameter, _meaning(kind, block.group_key))


def _within(parameter: str, senses: Iterable[Hashable]) -> Iterator[Hashable]:
    """What something of the mean means in the predictor of a parameter."""
    for sense in senses:
        yield from [sense] if parameter == names.MU else _meaning(parameter, sense)


def _effect_key(text: str) -> ColumnKey:
    """What a text means as the name of an effect: where a formula could not read it, a column called so."""
    if text.strip() == names.INTERCEPT:
        return frozenset()
    return read_name(text) or frozenset({(column_expression(text).key, "")})


def _meaning(kind: str, *keys: Hashable | None) -> Iterator[Hashable]:
    """One meaning of a text, nothing where a part of it means nothing."""
    if None not in keys:
        yield kind, frozenset(keys)


def _coefficients(predictor: LinearPredictor) -> Iterator[Parameter]:
    fixed, parameter = predictor.fixed, predictor.parameter
    for j, (term, key) in enumerate(zip(fixed.terms, fixed.keys, strict=True)):
        name = names.of_predictor(parameter, term)
        spellings = (name, f"b_{name}", names.beta_of(term, parameter))
        yield Parameter(
            kind="beta",
            name=name,
            spellings=(*spellings, names.of_predictor(parameter, f"`{term}`")),
            meanings=tuple(_within(parameter, _meaning("beta", key))),
            effect_1=term,
            first=j,
            predictor=parameter,
        )


def _deviations(block: GroupBlock, i: int) -> Iterator[Parameter]:
    deviations = block.deviations
    for each in deviations:
        name, own = f"sd_{each.name}|{block.name}", [block.effects[e] for e in each.effects]
        spellings = [names.sd_of(block.name, text) for text in dict.fromkeys((each.name, *own))]
        spellings.append(name)
        meant = [
            sense
            for e in each.effects
            for sense in _within(block.parameter, _meaning("sd", block.group_key, block.keys[e]))
        ]
        if len(deviations) == 1:
            spellings.append(names.sd_label(block.name))
            meant += all_of("sd", block)
        yield Parameter(
            kind="sd",
            name=name,
            spellings=tuple(spellings),
            meanings=tuple(meant),
            group=block.group,
            effect_1=each.name,
            block=i,
            first=each.effects.start,
            predictor=block.parameter,
        )


def _correlations(block: GroupBlock, i: int) -> Iterator[Parameter]:
    correlations = block.correlations
    for covariance, each in correlations:
        first, second = each.pair
        name = f"cor_{'.'.join(reversed(each.names))}|{block.name}"
        orders = dict.fromkeys((each.names, each.names[::-1]))
        spellings = [*(names.corr_of(block.name, *order) for order in orders), name]
        meant: list[Hashable] = []
        if len(each.names) == 2:
            sense = _meaning("corr", block.group_key, block.keys[first], block.keys[second])
            meant += _within(block.parameter, sense)
        if len(correlations) == 1:
            spellings.append(names.corr_label(block.name))
            meant += all_of("corr", block)
        yield Parameter(
            kind="cor",
            name=name,
            spellings=tuple(spellings),
            meanings=tuple(meant),
            group=block.group,
            effect_1=each.names[0],
            effect_2=each.names[1] if len(each.names) == 2 else "",
            block=i,
            first=first,
            second=second,
            covariance=covariance,
            predictor=block.parameter,
        )


def _correlation_priors(block: GroupBlock, i: int) -> Iterator[Parameter]:
    """What stands for all correlations of a structure, which have one prior together."""
    structures, pairs = block.covariances.correlated, [*_correlations(block, i)]
    for name, covariance in structures.items():
        own = [p for p in pairs if p.covariance is not None and p.covariance.name == name]
        only = own[0] if len(own) == 1 else None
        alone = len(structures) == 1
        label = names.corr_label(block.name) if alone else names.corr_of(block.name, name)
        yield Parameter(
            kind="cor",
            name=label,
            spellings=(label, names.every(label), *(only.spellings if only else ())),
            meanings=(*(all_of("corr", block) if alone else ()), *(only.meanings if only else ())),
            group=block.group,
            block=i,
            covariance=covariance,
            predictor=block.parameter,
        )


def _serial_pairs(serial: Serial) -> Iterator[Parameter]:
    """Correlations of residuals, each by itself."""
    pairs = serial.pair_labels
    for i, pair in enumerate(pairs):
        orders = dict.fromkeys((pair, pair[::-1]))
        spellings = [names.serial_of(serial.label, *order) for order in orders]
        yield Parameter(
            kind="serial",
            name=spellings[0],
            spellings=(*spellings, *([serial.label] if pair and len(pairs) == 1 else [])),
            meanings=(("family", spellings[0]),),
            group=names.RESIDUAL,
            effect_1=pair[0] if pair else serial.label,
            effect_2=pair[1] if pair else "",
            first=i,
            serial=serial,
        )


def _serial_prior(serial: Serial) -> Iterator[Parameter]:
    """What stands for all correlations of residuals, which have one prior together."""
    yield Parameter(
        kind="serial",
        name=serial.label,
        spellings=(serial.label,),
        meanings=(("family", serial.label),),
        group=names.RESIDUAL,
        effect_1=serial.label,
        serial=serial,
    )


def _of_family(name: str) -> Parameter:
    is_sigma = name == names.SIGMA
    return Parameter(
        kind="sigma" if is_sigma else "family",
        name=name,
        spellings=(name, f"family_{name}"),
        meanings=(("family", name),),
        group=names.RESIDUAL if is_sigma else "",
    )


def _is_plain(design: Design) -> bool:
    """Whether every name in a model reads in one way, since its words mean nothing in a formula."""
    keys = [key for each in design.predictors.values() for key in each.fixed.keys]
    keys += [key for block in design.all_blocks for key in (*block.keys, block.group_key)]
    parts = [part for key in keys for part in key]
    columns = {column for (_, columns), _ in parts for column in columns}
    prefixes = (*PREFIXES, *(f"{each.parameter}_" for each in design.others))
    return not any(map(WITHIN_BRACKETS.search, (label for _, label in parts))) and all(
        is_plain_name(column) and not column.startswith(prefixes) for column in columns
    )


def _told_apart(parameters: Sequence[Parameter], words: set[str], *, is_read: bool) -> tuple[Parameter, ...]:
    """Parameters with labels that no other one, and none of some words, may be.

    Where names may be read in several ways, a label must mean nothing else; else it must be spelled apart.
    """
    meant: dict[Hashable, set[int]] = {}
    for i, parameter in enumerate(parameters):
        for sense in (*parameter.spellings, *parameter.meanings):
            meant.setdefault(sense, set()).add(i)

    def is_own(text: str, i: int) -> bool:
        senses = (meant.get(sense, set()) for sense in (text, *(meanings(text) if is_read else ())))
        return text not in words and set[int]().union(*senses) == {i}

    out = []
    for i, parameter in enumerate(parameters):
        label = next((text for text in parameter.spellings if is_own(text, i)), None)
        if label is None:
            raise DataError(
                f"No name stands for {parameter} alone, since other columns of the data are called so too. "
                "Rename those columns."
            )
        name = parameter.name if is_own(parameter.name, i) else label
        out.append(replace(parameter, label=label, name=name))
    return tuple(out)


def _inside(text: str, word: str) -> str:
    """What stands in the brackets behind a word, empty where it is another word."""
    before, inside = _bracketed(text)
    return inside or "" if before == word else ""


def _bracketed(text: str) -> tuple[str, str | None]:
    """What stands before the last brackets of a text, and within them, None where it ends otherwise."""
    if not text.endswith("]"):
        return text, None
    depth = 0
    for i in range(len(text) - 1, -1, -1):
        depth += {"]": 1, "[": -1}.get(text[i], 0)
        if depth == 0:
            return text[:i], text[i + 1 : -1]
    return text, None


def _halves(text: str) -> Iterator[tuple[str, str]]:
    """All ways to cut a text in two at a comma."""
    for i, character in enumerate(text):
        if character == ",":
            yield text[:i], text[i + 1 :]
