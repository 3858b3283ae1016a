"""Defaults and a user's choices, merged by the names of the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bayesmixed import names
from bayesmixed.design.records import Design
from bayesmixed.errors import PriorError, near_names
from bayesmixed.priors.choice import as_prior
from bayesmixed.priors.defaults import default_priors
from bayesmixed.priors.distributions import DISTRIBUTIONS
from bayesmixed.priors.prior import Prior, PriorSet

Role = Literal["coefficient", "sd", "correlation"]

_HALVES = {
    "Normal": "HalfNormal",
    "StudentT": "HalfStudentT",
    "Cauchy": "HalfCauchy",
    "Flat": "HalfFlat",
    "Uniform": "Uniform with lower=0",
    "TruncatedNormal": "TruncatedNormal with lower=0",
}


def complete_priors(design: Design, user: Mapping[str, object] | None = None) -> PriorSet:
    """Priors of every parameter: the user's where chosen, else the defaults.

    Parameters
    ----------
    design : Design
        The model's design.
    user : Mapping[str, object], optional
        Name of a parameter to its prior (a `Prior`, a ``bambi.Prior``). Names: ``"Intercept"`` (at the means
        of the columns of X), any coefficient, ``"sd_Subject"`` (all effects of the factor) or
        ``"sd_Subject[Days]"`` (one of them, which goes before the former), ``"corr_Subject"`` (LKJ) and
        ``"sigma"``.

    Returns
    -------
    PriorSet
        One prior for every parameter; `PriorSet.user` says which were chosen.

    Raises
    ------
    PriorError
        When a name is none of the model's, or a prior cannot be used for its parameter.
    """
    defaults = default_priors(design)
    chosen = _chosen(design, user or {})
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
        user=frozenset(chosen),
    )


def parameter_roles(design: Design) -> dict[str, Role]:
    """Labels of all parameters that have a prior, in the order of the tables, with what they are.

    Parameters
    ----------
    design : Design
        The model's design.

    Returns
    -------
    dict[str, str]
        Label to ``"coefficient"``, ``"sd"`` or ``"correlation"``; the residual ``"sigma"`` is an sd.
    """
    roles: dict[str, Role] = dict.fromkeys(design.fixed.terms, "coefficient")
    for block in design.blocks:
        roles |= dict.fromkeys((names.sd_of(block.group, effect) for effect in block.effects), "sd")
        if block.has_correlation:
            roles[names.corr(block.group)] = "correlation"
    return {**roles, names.SIGMA: "sd"}


def _chosen(design: Design, user: Mapping[str, object]) -> dict[str, Prior]:
    """Label of every chosen parameter to its checked prior; a single effect goes before its whole factor."""
    roles = parameter_roles(design)
    whole = {
        names.sd(block.group): [names.sd_of(block.group, effect) for effect in block.effects]
        for block in design.blocks
    }
    chosen: dict[str, Prior] = {}
    for name in sorted(user, key=lambda name: name not in whole):
        if name not in roles and name not in whole:
            raise PriorError(_unknown_name(design, name, [*roles, *whole]))
        labels = [name] if name in roles else whole[name]
        prior = as_prior(user[name])
        _check_role(name, prior, roles[labels[0]])
        chosen |= dict.fromkeys(labels, prior)
    return chosen


def _unknown_name(design: Design, name: str, known: list[str]) -> str:
    """Message for a prior of something that the model has not."""
    for block in design.blocks:
        if name == names.corr(block.group):
            return f"Prior for {name!r}: the effects of {block.group!r} are not correlated in this model."
    return f"Prior for {name!r}: the model has no such parameter. {near_names(name, known)}"


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
    if role == "sd" and (support == "real" or prior.args.get("lower", 0.0) < 0):
        advice = _HALVES.get(prior.name, "HalfNormal")
        raise PriorError(
            f"Prior for {name!r}: {prior} reaches below zero, a standard deviation cannot. Use {advice}."
        )
