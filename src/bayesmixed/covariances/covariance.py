"""The questions that every covariance structure of a bar answers.

A structure says which covariance matrices D C D the effects of a bar may have: D holds standard deviations,
C is a correlation matrix. The effects of a grouping factor stand in sets that are independent of each other:
``(x | g)`` is one set of two effects, ``(x || g)`` two sets of one effect each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bayesmixed.priors.prior import Prior

FloatArray = NDArray[np.float64]
Row = tuple[tuple[float, ...], float]
"""Numbers of a prior as the kernel reads them, and its log constant."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """A correlation that is a parameter of a set of effects.

    Attributes
    ----------
    names : tuple[str, ...]
        The two effects; or one word, where the correlation of all effects follows from one number.
    pair : tuple[int, int]
        Places of two effects that have this correlation.
    """

    names: tuple[str, ...]
    pair: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Covariance:
    """Covariance of one set of effects; the base of all, without correlations.

    Attributes
    ----------
    size : int
        Number of effects, k.
    name : str
        What a formula calls the structure: ``name(effects | group)``.
    kernel : str
        What the kernel calls the rows of its Cholesky factor: one of `engines.kernel.theta.KERNELS`.
    is_tied : bool
        Whether all its effects have one standard deviation.
    free_name : str
        What the free parameters of the correlations are called in PyMC's graph.
    can_be_centred : bool
        Whether its priors stand on the effects at the means of the columns beside an intercept. That leaves
        the likelihood as it is only where every covariance matrix is among those of the structure.
    splits : bool
        Whether every effect of a bar is a set of its own.
    is_free : bool
        Whether every covariance matrix is among those of the structure.
    prior_note : str
        What the default prior of its correlations means.
    """

    size: int
    name: ClassVar[str]
    kernel: ClassVar[str] = "independent"
    is_tied: ClassVar[bool] = False
    free_name: ClassVar[str] = ""
    can_be_centred: ClassVar[bool] = False
    splits: ClassVar[bool] = False
    is_free: ClassVar[bool] = False
    prior_note: ClassVar[str] = ""

    @classmethod
    def of_bar(cls, size: int) -> tuple[Covariance, ...]:
        """Sets that the effects of one bar make."""
        return (cls(size),)

    @classmethod
    def written(cls, effects: str, group: str) -> str:
        """A bar with this structure in a formula."""
        return f"{cls.name}({effects} | {group})"

    @property
    def n_deviations(self) -> int:
        """Number of standard deviations."""
        return 1 if self.is_tied else self.size

    @property
    def n_coordinates(self) -> int:
        """Number of unconstrained numbers behind the correlations."""
        return 0

    @property
    def n_parameters(self) -> int:
        """Number of standard deviations and correlations that are free."""
        return self.n_deviations + self.n_coordinates

    def correlations(self, effects: Sequence[str]) -> tuple[Correlation, ...]:  # noqa: ARG002
        """Correlations that are parameters, given the names of the effects."""
        return ()

    def default_prior(self) -> Prior | None:
        """Default prior of the correlations, None where there are none."""
        return None

    def refusal(self, prior: Prior) -> str | None:
        """What is wrong with a prior of the correlations, None for nothing."""
        raise NotImplementedError

    def kernel_rows(self, prior: Prior) -> list[Row] | None:
        """Numbers of the prior of every coordinate, None where the kernel does not know the prior."""
        raise NotImplementedError

    def log_density(self, prior: Prior, correlation: FloatArray) -> FloatArray:
        """Log density of the prior at correlation matrices, shape (..., k, k) to (...)."""
        raise NotImplementedError

    def cholesky(self, coordinates: FloatArray) -> FloatArray:
        """Cholesky factors of correlation matrices from their coordinates, shape (..., m) to (..., k, k)."""
        return np.broadcast_to(np.eye(self.size), (*coordinates.shape[:-1], self.size, self.size))

    def coordinates(self, correlation: FloatArray) -> FloatArray:
        """Coordinates behind correlation matrices, shape (S, k, k) to (S, m): the inverse of `cholesky`."""
        return np.empty((len(correlation), 0))

    def cholesky_draws(self, prior: Prior, draws: int, rng: np.random.Generator) -> FloatArray:
        """Cholesky factors of correlation matrices drawn from the prior, shape (draws, k, k)."""
        raise NotImplementedError

    def graph_rows(self, name: str, prior: Prior | None) -> list[list[Any]]:  # noqa: ARG002
        """Rows of the Cholesky factor as scalars of PyMC's graph, whose free variable has a name."""
        from pytensor import tensor as pt

        return [[*[pt.constant(0.0)] * i, pt.constant(1.0)] for i in range(self.size)]


@dataclass(frozen=True, slots=True)
class EffectSet:
    """A set of effects of a grouping factor, and where it stands.

    Attributes
    ----------
    covariance : Covariance
        Its structure.
    effects : slice
        Among the effects of the grouping factor.
    coordinates : slice
        Of its correlations, among those of the grouping factor.
    """

    covariance: Covariance
    effects: slice
    coordinates: slice

    @property
    def places(self) -> range:
        """Places of its effects."""
        return range(self.effects.start, self.effects.stop)


@dataclass(frozen=True, slots=True)
class Covariances:
    """Covariance of all effects of a grouping factor: one set after the other.

    Attributes
    ----------
    sets : tuple[Covariance, ...]
        Structures of the sets.
    """

    sets: tuple[Covariance, ...]

    @property
    def parts(self) -> tuple[EffectSet, ...]:
        """The sets with their places."""
        effect, coordinate, out = 0, 0, []
        for each in self.sets:
            ends = effect + each.size, coordinate + each.n_coordinates
            out.append(EffectSet(each, slice(effect, ends[0]), slice(coordinate, ends[1])))
            effect, coordinate = ends
        return tuple(out)

    @property
    def n_effects(self) -> int:
        """Number of effects, k."""
        return sum(each.size for each in self.sets)

    @property
    def n_deviations(self) -> int:
        """Number of standard deviations."""
        return sum(each.n_deviations for each in self.sets)

    @property
    def n_coordinates(self) -> int:
        """Number of unconstrained numbers behind the correlations."""
        return sum(each.n_coordinates for each in self.sets)

    @property
    def n_parameters(self) -> int:
        """Number of standard deviations and correlations that are free."""
        return self.n_deviations + self.n_coordinates

    @property
    def has_correlation(self) -> bool:
        """Whether any two effects are correlated."""
        return self.n_coordinates > 0

    @property
    def correlated(self) -> dict[str, Covariance]:
        """First set of every structure that has correlations: these have one prior for each structure."""
        return {each.name: each for each in reversed(self.sets) if each.n_coordinates}

    def correlations(self, effects: Sequence[str]) -> list[tuple[Covariance, Correlation]]:
        """Correlations that are parameters, with the structure they belong to."""
        return [
            (part.covariance, Correlation(each.names, (i + part.effects.start, j + part.effects.start)))
            for part in self.parts
            for each in part.covariance.correlations(effects[part.effects])
            for i, j in [each.pair]
        ]

    def default_priors(self) -> dict[str, Prior]:
        """Default prior of the correlations of every structure that has any."""
        priors = {name: each.default_prior() for name, each in self.correlated.items()}
        return {name: prior for name, prior in priors.items() if prior is not None}

    def log_density(self, priors: Mapping[str, Prior], correlation: FloatArray) -> FloatArray:
        """Log density of the priors at correlation matrices of all effects, shape (..., k, k) to (...)."""
        total = np.zeros(correlation.shape[:-2])
        for part in self.parts:
            if part.covariance.n_coordinates:
                own = correlation[..., part.effects, part.effects]
                total += part.covariance.log_density(priors[part.covariance.name], own)
        return total

    def cholesky(self, coordinates: FloatArray) -> FloatArray:
        """Cholesky factors of the correlation matrix of all effects, shape (..., m) to (..., k, k)."""
        out = np.zeros((*coordinates.shape[:-1], self.n_effects, self.n_effects))
        for part in self.parts:
            own = part.covariance.cholesky(coordinates[..., part.coordinates])
            out[..., part.effects, part.effects] = own
        return out

    def coordinates(self, correlation: FloatArray) -> FloatArray:
        """Coordinates behind correlation matrices of all effects, shape (S, k, k) to (S, m)."""
        return np.concatenate(
            [part.covariance.coordinates(correlation[:, part.effects, part.effects]) for part in self.parts],
            axis=1,
        )

    def cholesky_draws(self, priors: Mapping[str, Prior], draws: int, rng: np.random.Generator) -> FloatArray:
        """Cholesky factors of the correlation matrix of all effects from the priors, shape (draws, k, k)."""
        out = np.zeros((draws, self.n_effects, self.n_effects))
        for part in self.parts:
            own = part.covariance
            out[:, part.effects, part.effects] = (
                own.cholesky_draws(priors[own.name], draws, rng) if own.n_coordinates else np.eye(own.size)
            )
        return out


def correlation_matrix(cholesky: FloatArray) -> FloatArray:
    """Correlation matrices of Cholesky factors, without rounding on the diagonal, shape (..., k, k)."""
    matrix: FloatArray = cholesky @ np.swapaxes(cholesky, -1, -2)
    k = np.arange(matrix.shape[-1])
    matrix[..., k, k] = 1.0
    return matrix
