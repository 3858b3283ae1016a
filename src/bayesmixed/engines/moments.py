"""Posterior moments and quantiles of random effects, gathered draw by draw in place of the draws.

Given a draw of what is sampled, a random effect is normal (or, where it was sampled itself, known); its
posterior is the mixture of these over the draws. The laws of total expectation and variance give its mean and
variance exactly; its distribution function is the mean of those of the components.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.engines.records import LevelMoments, RawDraws

MOMENTS_KEPT = (
    "Random effects are kept as moments and quantiles. Where they are integrated out, these are exact given "
    "the draws of everything else but are not among the diagnostics; where they are sampled, of their draws."
)
"""Sentence of the plan of such a fit."""

NODES = np.array([0.1, 0.2, 0.32, 0.46, 0.65, 0.9, 1.2, 1.6, 2.1, 2.8, 3.8, 5.2])
NODES = np.concatenate([-NODES[::-1], [0.0], NODES])
"""Where distribution functions are summed, in standard deviations from the mean: posteriors may be peaked."""

CHUNK_VALUES = 2_000_000
"""Draws of effects that are summarized at a time."""

SMALLEST = 1e-15
"""Probability below which a tail counts as empty."""


class MixtureSums:
    """Sums that give mean, variance and quantiles of many mixtures of normal distributions.

    Parameters
    ----------
    reference : FloatArray
        A number near the mean of each mixture, any shape: sums are of differences from it, which keeps their
        digits.
    scale : FloatArray, optional
        About the standard deviation of each mixture; without it there are no quantiles.

    Notes
    -----
    With m and v the mean and the variance of one component and s = m - reference, the sums are of s and of
    s^2 + v, and of Phi((x - m) / sqrt(v)) at the nodes x.

    Examples
    --------
    >>> sums = MixtureSums(np.zeros(1))
    >>> for mean in (-1.0, 1.0):
    ...     sums.add(np.array([mean]), np.array([3.0]))
    >>> [values.item() for values in sums.mean_and_sd()]
    [0.0, 2.0]
    """

    def __init__(self, reference: FloatArray, scale: FloatArray | None = None) -> None:
        self.reference, self.scale = reference, scale
        self.sums = np.zeros((2, *reference.shape))
        self.below = np.zeros((0 if scale is None else len(NODES), *reference.shape))
        self.count = self.placed = 0

    def add(self, mean: FloatArray, variance: FloatArray) -> None:
        """Add a component, in the shape of the reference, to every mean and variance."""
        shift = mean - self.reference
        self.sums[0] += shift
        self.sums[1] += shift * shift + variance
        self.count += 1

    def place(self, mean: FloatArray, variance: FloatArray) -> None:
        """Add a component to every distribution function."""
        from scipy.special import ndtr

        assert self.scale is not None
        nodes = self.reference + self.scale * _along_first(NODES, self.scale.ndim)
        nodes -= mean
        nodes /= np.sqrt(np.maximum(variance, np.finfo(float).tiny))
        self.below += ndtr(nodes, out=nodes)
        self.placed += 1

    def absorb(self, other: MixtureSums) -> None:
        """Add the components of other sums with the same reference and scale."""
        self.sums += other.sums
        self.below += other.below
        self.count += other.count
        self.placed += other.placed

    def mean_and_sd(self) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of every mixture."""
        first, second = self.sums / self.count
        return self.reference + first, np.sqrt(np.maximum(second - first**2, 0.0))

    def moments(self) -> FloatArray:
        """Mean, standard deviation and quantiles in the order of ``names.MOMENTS`` along the first axis."""
        from scipy.special import ndtri

        assert self.scale is not None
        probability = np.clip(self.below / self.placed, SMALLEST, 1.0 - SMALLEST)
        nodes = _along_first(NODES, self.scale.ndim)
        quantiles = interpolate_rising(ndtri(probability), nodes, ndtri(names.QUANTILES))
        return np.stack([*self.mean_and_sd(), *(self.reference + self.scale * quantiles)])


def interpolate_rising(at: FloatArray, values: FloatArray, wanted: FloatArray) -> FloatArray:
    """Interpolate many rising functions by cubics that rise between their points, straight lines outside.

    Shapes: `wanted` (T,); returns (T, ...).

    Slopes are those of parabolas through three points, at most three times those of the chords (Fritsch and
    Carlson 1980, SIAM J. Numer. Anal. 17:238).
    """
    at, values = np.broadcast_arrays(at, values)
    width = np.maximum(np.diff(at, axis=0), 1e-12)
    chord = np.diff(values, axis=0) / width
    slope = np.concatenate([chord, chord[-1:]])
    parabola = (width[1:] * chord[:-1] + width[:-1] * chord[1:]) / (width[1:] + width[:-1])
    slope[1:-1] = np.minimum(parabola, 3.0 * np.minimum(chord[:-1], chord[1:]))
    out = np.empty((len(wanted), *values.shape[1:]))
    for t, x in enumerate(wanted):
        place = np.clip(np.sum(at <= x, axis=0, keepdims=True) - 1, 0, len(at) - 2)
        start, h, low, s0 = (np.take_along_axis(a, place, 0)[0] for a in (at, width, values, slope))
        high, s1 = (np.take_along_axis(a, place + 1, 0)[0] for a in (values, slope))
        u = np.clip((x - start) / h, 0.0, 1.0)
        inside = low + u * u * (3 - 2 * u) * (high - low) + h * u * (1 - u) * ((1 - u) * s0 - u * s1)
        out[t] = inside + np.minimum(x - start, 0.0) * s0 + np.maximum(x - start - h, 0.0) * s1
    return out


def _along_first(values: FloatArray, ndim: int) -> FloatArray:
    """Values along the first of ndim + 1 axes."""
    return values.reshape(-1, *(1,) * ndim)


class LevelSums:
    """Sums that give the moments of a grouping factor's random effects and coefficients.

    Parameters
    ----------
    ranef, coef : MixtureSums
        Of the effects and of the coefficients, shape (J, k).
    """

    def __init__(self, ranef: MixtureSums, coef: MixtureSums) -> None:
        self.ranef, self.coef = ranef, coef
        self.products = np.zeros((*ranef.reference.shape, ranef.reference.shape[1]))

    def around(self) -> LevelSums:
        """Empty sums with quantiles, around the means and standard deviations of these."""
        return LevelSums(MixtureSums(*self.ranef.mean_and_sd()), MixtureSums(*self.coef.mean_and_sd()))

    def add(
        self,
        ranef: FloatArray,
        covariance: FloatArray,
        coef: FloatArray,
        coef_variance: FloatArray,
        *,
        place: bool = False,
    ) -> None:
        """Add what one draw says.

        Shapes: `ranef, coef` (J, k), `covariance` (J, k, k), `coef_variance` (J, k).
        """
        shift = ranef - self.ranef.reference
        self.products += shift[:, :, None] * shift[:, None, :] + covariance
        variance = np.einsum("jkk->jk", covariance)
        for sums, mean, spread in ((self.ranef, ranef, variance), (self.coef, coef, coef_variance)):
            sums.add(mean, spread)
            if place:
                sums.place(mean, spread)

    def absorb(self, other: LevelSums) -> None:
        """Add the draws of other sums around the same values."""
        self.ranef.absorb(other.ranef)
        self.coef.absorb(other.coef)
        self.products += other.products

    def moments(self) -> LevelMoments:
        """Posterior moments, each draw counting the same."""
        shift = self.ranef.mean_and_sd()[0] - self.ranef.reference
        covariance = self.products / self.ranef.count - shift[:, :, None] * shift[:, None, :]
        return LevelMoments(ranef=self.ranef.moments(), coef=self.coef.moments(), covariance=covariance)


def fixed_places(design: Design, block: GroupBlock) -> list[int | None]:
    """Coefficient to which each effect of a grouping factor adds."""
    terms = design.fixed.terms
    return [terms.index(effect) if effect in terms else None for effect in block.effects]


def fixed_parts(beta: FloatArray, places: list[int | None]) -> FloatArray:
    """Fixed part of each effect's coefficient, 0 for an effect that is only random.

    Shapes: `beta` (p,); returns (k,).
    """
    return np.array([0.0 if place is None else beta[place] for place in places])


def without_ranef(design: Design, raw: RawDraws) -> RawDraws:
    """Draws in which moments have taken the place of all random effects."""
    known = raw.moments or (None,) * len(design.blocks)
    moments = tuple(_of_draws(design, i, raw) if given is None else given for i, given in enumerate(known))
    return replace(raw, ranef=(None,) * len(moments), moments=moments)


def _of_draws(design: Design, i: int, raw: RawDraws) -> LevelMoments:
    """Moments and quantiles of the draws of one grouping factor's effects, some levels at a time."""
    block, values = design.blocks[i], raw.ranef[i]
    assert values is not None
    beta = raw.beta.reshape(-1, raw.beta.shape[-1])
    fixed = np.stack([fixed_parts(row, fixed_places(design, block)) for row in beta])[:, None]
    flat = values.reshape(len(fixed), *values.shape[2:])
    width = max(1, CHUNK_VALUES // (len(fixed) * block.n_effects))
    parts = [flat[:, start : start + width] for start in range(0, block.n_levels, width)]
    return LevelMoments(
        ranef=np.concatenate([_summarized(part) for part in parts], axis=1),
        coef=np.concatenate([_summarized(part + fixed) for part in parts], axis=1),
        covariance=np.concatenate([_covariances(part) for part in parts]),
    )


def _summarized(draws: FloatArray) -> FloatArray:
    """Moments of draws, shape (S, ...), in the order of ``names.MOMENTS``."""
    quantiles = np.quantile(draws, names.QUANTILES, axis=0)
    return np.stack([draws.mean(axis=0), draws.std(axis=0), *quantiles])


def _covariances(draws: FloatArray) -> FloatArray:
    """Covariance matrices of draws, shape (S, J, k), of the effects of every level."""
    shift = draws - draws.mean(axis=0)
    return np.asarray(np.einsum("sje,sjf->jef", shift, shift, optimize=True) / len(shift))
