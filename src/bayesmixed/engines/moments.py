"""Posterior moments of random effects, gathered draw by draw in place of the draws.

Given a draw of what is sampled, a random effect is normal (or, where it was sampled itself, known); its
posterior is the mixture of these over the draws. The laws of total expectation and variance, and their
likes for the third and fourth moment, give the moments of the mixture exactly.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.engines.records import LevelMoments, RawDraws

MOMENTS_KEPT = (
    "Random effects are kept as moments: exact given the draws of everything else where they are integrated "
    "out, and not among the diagnostics; plain moments of their draws where they are sampled."
)
"""Sentence of the plan of such a fit."""


class MixtureSums:
    """Sums that give the moments of many mixtures of normal distributions.

    Parameters
    ----------
    reference : FloatArray
        A number near the mean of each mixture, any shape: sums are of differences from it, which keeps their
        digits.

    Notes
    -----
    With m and v the mean and the variance of one component and s = m - reference, the four sums are of s,
    s^2 + v, s^3 + 3 s v and s^4 + 6 s^2 v + 3 v^2: the raw moments of a normal distribution.

    Examples
    --------
    >>> sums = MixtureSums(np.zeros(1))
    >>> for mean in (-1.0, 1.0):
    ...     sums.add(np.array([mean]), np.array([3.0]))
    >>> sums.moments()[:2].ravel()
    array([0., 2.])
    """

    def __init__(self, reference: FloatArray) -> None:
        self.reference = reference
        self.sums = np.zeros((4, *reference.shape))
        self.count = 0

    def add(self, mean: FloatArray, variance: FloatArray | float) -> None:
        """Add a component to every mixture.

        Parameters
        ----------
        mean, variance : FloatArray
            In the shape of the reference; a variance of 0 is a value that is known.
        """
        shift = mean - self.reference
        square = shift * shift
        self.sums[0] += shift
        self.sums[1] += square + variance
        self.sums[2] += shift * (square + 3.0 * variance)
        self.sums[3] += square * (square + 6.0 * variance) + 3.0 * variance * variance
        self.count += 1

    def absorb(self, other: MixtureSums) -> None:
        """Add the components of other sums with the same reference."""
        self.sums += other.sums
        self.count += other.count

    def moments(self) -> FloatArray:
        """Mean, standard deviation, skewness and excess kurtosis of every mixture.

        Returns
        -------
        FloatArray
            The four in the order of ``names.MOMENTS`` along the first axis; the last two are 0 for a quantity
            that is constant.
        """
        first, second, third, fourth = self.sums / self.count
        variance = np.maximum(second - first**2, 0.0)
        scale = np.where(variance > 0.0, np.sqrt(variance), np.inf)
        cubed = third - 3.0 * first * second + 2.0 * first**3
        fourth_central = fourth - 4.0 * first * third + 6.0 * first**2 * second - 3.0 * first**4
        kurtosis = np.where(variance > 0.0, fourth_central / scale**4 - 3.0, 0.0)
        return np.stack([self.reference + first, np.sqrt(variance), cubed / scale**3, kurtosis])


class LevelSums:
    """Sums that give the moments of a grouping factor's random effects and coefficients.

    Parameters
    ----------
    ranef, coef : FloatArray
        Numbers near the means of the effects and of the coefficients, shape (J, k).
    """

    def __init__(self, ranef: FloatArray, coef: FloatArray) -> None:
        self.ranef, self.coef = MixtureSums(ranef), MixtureSums(coef)
        self.products = np.zeros((*ranef.shape, ranef.shape[1]))

    def add(
        self,
        ranef: FloatArray,
        covariance: FloatArray | None,
        coef: FloatArray,
        coef_variance: FloatArray | float,
    ) -> None:
        """Add what one draw says.

        Parameters
        ----------
        ranef, coef : FloatArray
            Conditional means, shape (J, k).
        covariance : FloatArray or None
            Conditional covariances of every level's effects, shape (J, k, k); None where they are known.
        coef_variance : FloatArray or float
            Conditional variances of the coefficients, shape (J, k).
        """
        shift = ranef - self.ranef.reference
        self.products += shift[:, :, None] * shift[:, None, :]
        if covariance is not None:
            self.products += covariance
        self.ranef.add(ranef, 0.0 if covariance is None else np.einsum("jkk->jk", covariance))
        self.coef.add(coef, coef_variance)

    def absorb(self, other: LevelSums) -> None:
        """Add the draws of other sums with the same reference."""
        self.ranef.absorb(other.ranef)
        self.coef.absorb(other.coef)
        self.products += other.products

    def moments(self) -> LevelMoments:
        """Posterior moments, each draw counting the same."""
        ranef = self.ranef.moments()
        shift = ranef[0] - self.ranef.reference
        covariance = self.products / self.ranef.count - shift[:, :, None] * shift[:, None, :]
        return LevelMoments(ranef=ranef, coef=self.coef.moments(), covariance=covariance)


def fixed_places(design: Design, block: GroupBlock) -> list[int | None]:
    """Coefficient to which each effect of a grouping factor adds.

    Parameters
    ----------
    design : Design
        The design.
    block : GroupBlock
        The grouping factor.

    Returns
    -------
    list[int or None]
        For each effect its place among the fixed terms, None for one that is only random.
    """
    terms = design.fixed.terms
    return [terms.index(effect) if effect in terms else None for effect in block.effects]


def fixed_parts(beta: FloatArray, places: list[int | None]) -> FloatArray:
    """Fixed part of each effect's coefficient, 0 for an effect that is only random.

    Parameters
    ----------
    beta : FloatArray
        Coefficients, shape (p,).
    places : list[int or None]
        Made by `fixed_places`.

    Returns
    -------
    FloatArray
        Shape (k,).
    """
    return np.array([0.0 if place is None else beta[place] for place in places])


def without_ranef(design: Design, raw: RawDraws) -> RawDraws:
    """Draws in which moments have taken the place of all random effects.

    Parameters
    ----------
    design : Design
        What was fitted.
    raw : RawDraws
        With the moments of the effects that the engine integrated.

    Returns
    -------
    RawDraws
        Effects that were sampled get the plain moments of their draws.
    """
    known = raw.moments or (None,) * len(design.blocks)
    moments = tuple(_of_draws(design, i, raw) if given is None else given for i, given in enumerate(known))
    return replace(raw, ranef=(None,) * len(moments), moments=moments)


def _of_draws(design: Design, i: int, raw: RawDraws) -> LevelMoments:
    """Plain moments of the draws of one grouping factor's effects."""
    block, values = design.blocks[i], raw.ranef[i]
    assert values is not None
    places = fixed_places(design, block)
    start = values[0, 0]
    sums = LevelSums(start, start + fixed_parts(raw.beta[0, 0], places))
    for place in np.ndindex(values.shape[:2]):
        sums.add(values[place], None, values[place] + fixed_parts(raw.beta[place], places), 0.0)
    return sums.moments()
