"""Bayes factors from marginal likelihoods."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed import names
from bayesmixed.comparison.comparable import check_comparable
from bayesmixed.printing.records import wrapped
from bayesmixed.surface import public
from bayesmixed.verbs.contract import PosteriorFit

if TYPE_CHECKING:
    import xarray as xr

    from bayesmixed.model.spec import ModelSpec
    from bayesmixed.verbs.marginal_likelihood import LogMarginalLikelihood

KASS_RAFTERY = (
    (1.0, "not worth more than a bare mention"),
    (3.0, "positive"),
    (5.0, "strong"),
    (math.inf, "very strong"),
)
"""Upper ends of the log Bayes factor, and what Kass and Raftery (1995) call the evidence below them."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BayesFactor:
    """How much more probable one model made the data than another.

    Attributes
    ----------
    model, other : str
        What is compared, as printed.
    log : float
        Natural logarithm of the Bayes factor, positive when the data speak for `model`.
    se : float
        Monte Carlo standard error of `log`.
    """

    model: str
    other: str
    log: float
    se: float

    @property
    def value(self) -> float:
        """The Bayes factor, infinite where it is beyond a floating-point number."""
        return float(np.exp(np.minimum(self.log, 709.0))) if self.log < 709.0 else math.inf

    @property
    def evidence(self) -> str:
        """Kass and Raftery's word for the strength of the evidence, whichever side it is for."""
        return next(word for end, word in KASS_RAFTERY if abs(self.log) < end)

    def __str__(self) -> str:
        times = f"{math.exp(abs(self.log)):.3g}" if abs(self.log) < 709.0 else f"exp({abs(self.log):.1f})"
        better, worse = (self.model, self.other) if self.log >= 0 else (self.other, self.model)
        return wrapped(
            f"The data are {times} times as probable under {better} as under {worse}: "
            f"{self.evidence} evidence",
            f"log Bayes factor {self.log:.2f}, Monte Carlo error {self.se:.2g}",
        )

    __repr__ = __str__


@public
def bayes_factor(m1: PosteriorFit, m0: PosteriorFit, *, seed: int | None = None) -> BayesFactor:
    """Bayes factor of one model against another.

    Use it to weigh whole models, priors included, by how probable they made the data; :func:`compare` weighs
    them by what they predict. To test a variance component, compare a model with its bar and one without;
    when no other bar is left, ``fit.bayes_factor_of("Subject")`` does the same for a single fit.

    Parameters
    ----------
    m1, m0 : MixedFit
        Two fits to the same rows and response. Give them the same priors for the parameters that they share,
        which the defaults do.
    seed : int, optional
        Repeats the Monte Carlo points; the fits' own seeds unless given.

    Returns
    -------
    BayesFactor
        Print it, or take ``log``, ``se``, ``value``, ``evidence``.

    Raises
    ------
    BayesmixedError
        When one is not a Bayesian fit.
    DataError
        When their rows or responses differ.
    PriorError, EngineError
        When a model does not have a marginal likelihood, or it cannot be computed.

    Notes
    -----
    log p(y | m1) - log p(y | m0), see :meth:`MixedFit.log_marginal_likelihood`; the errors of the two are
    independent. Words: Kass and Raftery 1995, Journal of the American Statistical Association 90:773. The
    factor depends on the width of the priors of the parameters that the models do not share.

    Examples
    --------
    >>> intercepts = bm.lmer("Reaction ~ Days + (1 | Subject)", sleep, seed=1)
    >>> bm.bayes_factor(fit, intercepts).evidence
    'very strong'
    """
    check_comparable({"m1": m1, "m0": m0}, "bayes_factor")
    first = m1.log_marginal_likelihood(seed=seed)
    second = m0.log_marginal_likelihood(seed=None if seed is None else seed + 1)
    names = (m1.spec.design.formula.text, m0.spec.design.formula.text)
    return _factor(*names, first, second)


def bayes_factor_of(
    draws: xr.DataTree, spec: ModelSpec, group: str, *, effect: str | None = None, seed: int
) -> BayesFactor:
    """Bayes factor for a variance component: the model with it against the model in which it is zero."""
    from bayesmixed.engines.collapsed.null_component import evidence_without
    from bayesmixed.verbs.blocks import chosen_blocks, chosen_effect
    from bayesmixed.verbs.marginal_likelihood import as_marginal_likelihood, log_marginal_likelihood

    (block,) = chosen_blocks(spec.design, group, with_smooths=True)
    only = None if effect is None else chosen_effect(block, effect)
    effects = tuple(e for e, name in enumerate(block.effects) if only in (None, name))
    with_it = log_marginal_likelihood(draws, spec, seed=seed)
    rng = np.random.default_rng(seed + 1)
    without = evidence_without(spec, spec.design.blocks.index(block), effects, rng)
    at_means = only == names.INTERCEPT and block.is_centred
    shown = f"{only} (at the means of {', '.join(block.effects[1:])})" if at_means else only
    what = block.group if only is None else f"{shown} | {block.group}"
    return _factor(f"the model with {what}", "that without it", with_it, as_marginal_likelihood(without))


def _factor(
    model: str, other: str, first: LogMarginalLikelihood, second: LogMarginalLikelihood
) -> BayesFactor:
    """Bayes factor of two marginal likelihoods."""
    return BayesFactor(
        model=model, other=other, log=first.value - second.value, se=math.hypot(first.se, second.se)
    )
