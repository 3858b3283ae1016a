"""The binomial response, and the bernoulli response, which is that of one trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import betaln, gammaln, xlog1py, xlogy

from bayesmixed.design.records import FloatArray
from bayesmixed.families.family import Family, Mask, Parameters, Support, Values, Within
from bayesmixed.families.links import PROBABILITY_LINKS


class Binomial(Family):
    """The location is the probability of a success."""

    __slots__ = ()

    def for_trials(self, *, trials: bool) -> Family:
        """Binomial with trials, bernoulli without."""
        return replace(BINOMIAL if trials else BERNOULLI, link=self.link)

    def _variance(self, p: Values, _: Parameters, n: Values) -> Values:
        return p * (1 - p) / n

    def _draws(self, p: Values, _: Parameters, n: Values, rng: np.random.Generator) -> Values:
        return np.asarray(rng.binomial(np.broadcast_to(n, p.shape).astype(np.int64), p), dtype=np.float64)

    def _log_density(self, y: Values, p: Values, _: Parameters, n: Values) -> Values:
        choices = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)
        return np.asarray(choices + xlogy(y, p) + xlog1py(n - y, -p))

    def _twin(self, stats: Any, p: Values, _: Parameters, n: Values) -> Any:
        return stats.binom(n, p)

    def latent_variance(self, _parameters: Parameters) -> Within:
        """Variance of the link's latent distribution."""
        assert self.link_function.latent is not None
        value, formula = self.link_function.latent
        meaning = f"{formula}: variance of the {self.link} link's latent distribution"
        return Within(draws=np.array(value), formula=formula, meaning=meaning)

    def graph_arguments(self, predictor: Any, parameters: Mapping[str, Any], trials: Any) -> dict[str, Any]:
        """With a logit link the predictor itself."""
        arguments = super().graph_arguments(predictor, parameters, trials)
        if self.link == "logit":
            del arguments["p"]
            arguments["logit_p"] = predictor
        return arguments

    def kernel_constant(self, y: Values, trials: Values) -> float:
        """Ways to choose the successes."""
        return float(-np.sum(betaln(y + 1.0, trials - y + 1.0) + np.log(trials + 1.0)))

    def first_location(self, y: Values, trials: Values) -> FloatArray:
        """Share of successes, with half a trial of either kind."""
        return (y + 0.5) / (trials + 1.0)


def _not_zero_or_one(values: FloatArray) -> Mask:
    return np.asarray((values != 0) & (values != 1))


BERNOULLI = Binomial(
    name="bernoulli",
    links=PROBABILITY_LINKS,
    location="probability",
    support=Support(
        "0 and 1",
        _not_zero_or_one,
        "For numbers of successes write prop({response}, trials) with the column of the trials; "
        "for proportions give that column as weights=.",
    ),
    distribution="Bernoulli",
    argument="p",
    kernel="binomial",
    is_discrete=True,
    is_exponential=True,
    takes_successes=True,
)
BINOMIAL = replace(BERNOULLI, name="binomial", support=None, distribution="Binomial", takes_trials=True)
