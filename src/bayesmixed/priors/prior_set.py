"""Defaults and a user's choices, merged by the names of the parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from bayesmixed import names
from bayesmixed.design.rank import absence
from bayesmixed.design.records import Design
from bayesmixed.errors import PriorError, near_names
from bayesmixed.families.records import GAUSSIAN, Family
from bayesmixed.options import mapping_of
from bayesmixed.priors.choice import as_prior
from bayesmixed.priors.defaults import default_priors
from bayesmixed.priors.distributions import DISTRIBUTIONS
from bayesmixed.priors.prior import Prior, PriorSet

Role = Literal["coefficient", "sd", "correlation", "auxiliary"]
POSITIVE = frozenset({names.ALPHA, names.KAPPA, names.NU, "b", "lam"})
"""Auxiliary parameters on (0, inf)."""

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
    """Priors of every parameter: the user's where chosen, else the defaults.

    Parameters
    ----------
    design : Design
        The model's design.
    user : Mapping[str, object], optional
        Name of a parameter to its prior (a `Prior`, a ``bambi.Prior``). Names: ``"Intercept"`` (at the means
        of the columns of X), any coefficient, ``"sd_Subject"`` (all effects of the factor) or
        ``"sd_Subject[Days]"`` (one of them, which goes before the former), ``"corr_Subject"`` (LKJ), and the
        family's parameters, such as ``"sigma"``. A class, as brms names it, stands for all its members, and a
        single parameter goes before it: ``"b"`` (all coefficients but the intercept), ``"sd"`` (all
        standard deviations of random effects), ``"cor"`` (all correlation matrices).
    family : Family
        Distribution of the response.

    Returns
    -------
    PriorSet
        One prior for every parameter; `PriorSet.user` says which were chosen.

    Raises
    ------
    PriorError
        When a name is none of the model's, or a prior cannot be used for its parameter.
    """
    user = mapping_of(user, "priors", "{'b': bm.prior('Normal', mu=0, sigma=1)}")
    defaults = default_priors(design, family)
    chosen = _chosen(design, user, family)
    return PriorSet(
        coefficients=tuple(
            chosen.get(term, default)
            for term, default in zip(design.fixed.terms, defaults.coefficients, strict=True)
        ),
        sd=tuple(
            tuple(
                chosen.get(names.sd_of(block.group, effect), default)
                for effect, default in zip(block.effects, priors, strict=True)
            )
            for block, priors in zip(design.blocks, defaults.sd, strict=True)
        ),
        correlation=tuple(
            chosen.get(names.corr(block.group), default)
            for block, default in zip(design.blocks, defaults.correlation, strict=True)
        ),
        sigma=chosen.get(names.SIGMA, defaults.sigma),
        auxiliary={name: chosen.get(name, default) for name, default in defaults.auxiliary.items()},
        user=frozenset(chosen),
    )


def parameter_roles(design: Design, parameters: Iterable[str] = (names.SIGMA,)) -> dict[str, Role]:
    """Labels of all parameters that have a prior, in the order of the tables, with what they are.

    Parameters
    ----------
    design : Design
        The model's design.
    parameters : iterable of str
        Auxiliary parameters of the family.

    Returns
    -------
    dict[str, str]
        Label to ``"coefficient"``, ``"sd"``, ``"correlation"`` or ``"auxiliary"``; the residual ``"sigma"``
        is an sd.
    """
    roles: dict[str, Role] = dict.fromkeys(design.fixed.terms, "coefficient")
    for block in design.blocks:
        roles |= dict.fromkeys((names.sd_of(block.group, effect) for effect in block.effects), "sd")
        if block.has_correlation:
            roles[names.corr(block.group)] = "correlation"
    return {**roles, **{name: "sd" if name == names.SIGMA else "auxiliary" for name in parameters}}


def _chosen(design: Design, user: Mapping[str, object], family: Family) -> dict[str, Prior]:
    """Label of every chosen parameter to its checked prior: of a class, then of a factor, then of one."""
    roles = parameter_roles(design, family.parameters)
    whole = _classes(design) | {
        names.sd(block.group): [names.sd_of(block.group, effect) for effect in block.effects]
        for block in design.blocks
    }
    wide_first = [name for name in whole if name not in roles]
    chosen: dict[str, Prior] = {}
    for name in sorted(user, key=lambda name: wide_first.index(name) if name in wide_first else len(whole)):
        if name not in roles and not whole.get(name):
            raise PriorError(_unknown_name(design, name, [*roles, *(key for key in whole if whole[key])]))
        labels = [name] if name in roles else whole[name]
        prior = as_prior(user[name])
        _check_role(name, prior, roles[labels[0]])
        chosen |= dict.fromkeys(labels, prior)
    return chosen


def _classes(design: Design) -> dict[str, list[str]]:
    """Labels of all members of every class of parameters."""
    first = 1 if design.fixed.has_intercept else 0
    return {
        "b": list(design.fixed.terms[first:]),
        "sd": [names.sd_of(block.group, effect) for block in design.blocks for effect in block.effects],
        "cor": [names.corr(block.group) for block in design.blocks if block.has_correlation],
    }


def _unknown_name(design: Design, name: str, known: list[str]) -> str:
    """Message for a prior of something that the model has not."""
    for block in design.blocks:
        if name == names.corr(block.group):
            return f"Prior for {name!r}: the effects of {block.group!r} are not correlated in this model."
    why = absence(design, name) or near_names(name, known)
    return f"Prior for {name!r}: the model has no such parameter. {why}"


def _check_role(name: str, prior: Prior, role: Role) -> None:
    """Refuse a prior that cannot be that of its parameter."""
    support = DISTRIBUTIONS[prior.name].support
    if role == "correlation" and support != "correlation":
        raise PriorError(
            f'Prior for {name!r}: {prior} is none of a correlation matrix. Write prior("LKJ", eta=2).'
        )
    if role != "correlation" and support == "correlation":
        raise PriorError(
            f"Prior for {name!r}: LKJ is for correlation matrices only ('corr_' and the factor)."
        )
    positive = role == "sd" or (role == "auxiliary" and name in POSITIVE)
    if positive and (support == "real" or prior.args.get("lower", 0.0) < 0):
        advice = _HALVES.get(prior.name, "HalfNormal")
        what = "a standard deviation" if role == "sd" else "that parameter"
        raise PriorError(f"Prior for {name!r}: {prior} reaches below zero, {what} cannot. Use {advice}.")
