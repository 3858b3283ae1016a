"""The questions that every covariance structure of a bar answers.

A structure says which covariance matrices D C D the effects of a bar may have: D holds standard deviations,
C is a correlation matrix. The effects of a grouping factor stand in sets that are independent of each other:
``(x | g)`` is one set of two effects, ``(x || g)`` two sets of one effect each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bayesmixed.priors.prior import Prior

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Row = tuple[tuple[float, ...], float]
"""Numbers of a prior as the kernel reads them, and its log constant."""


@cache
def lower_triangle(size: int) -> tuple[IntArray, IntArray]:
    """Rows and columns of the lower triangle of a square matrix, row by row."""
    return np.tril_indices(size)


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

    @property
    def row(self) -> int:
        """Place of the effect beside which a table that is a triangle has it."""
        return self.pair[1] if len(self.names) == 2 else self.pair[0]


@dataclass(frozen=True, slots=True)
class Deviation:
    """A standard deviation that is a parameter of a set of effects.

    Attributes
    ----------
    name : str
        The effect, or the first and the last of those that have it together.
    effects : range
        Their places.
    """

    name: str
    effects: range


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
    is_of_levels : bool
        Whether it stands on the order of the levels of a factor, which its effects then are.
    prior_note : str
        What the default prior of its correlations means.
    power : int
        A REML or ML estimate is sought over numbers whose power is a standard deviation over sigma.
    turn : float
        Where, beside zero, the criterion is even in the estimate's other numbers; NaN where it is nowhere.
    """

    size: int
    name: ClassVar[str]
    kernel: ClassVar[str] = "independent"
    is_tied: ClassVar[bool] = False
    free_name: ClassVar[str] = ""
    can_be_centred: ClassVar[bool] = False
    splits: ClassVar[bool] = False
    is_free: ClassVar[bool] = False
    is_of_levels: ClassVar[bool] = False
    prior_note: ClassVar[str] = ""
    power: ClassVar[int] = 1
    turn: ClassVar[float] = np.nan

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

    @property
    def is_told_from_residual(self) -> bool:
        """Whether its parameters can be told from a residual variance where every effect has one row."""
        return False

    def deviations(self, effects: Sequence[str]) -> tuple[Deviation, ...]:
        """Standard deviations that are parameters, given the names of the effects."""
        if self.is_tied and self.size > 1:
            return (Deviation(f"{effects[0]} ... {effects[-1]}", range(self.size)),)
        return tuple(Deviation(effect, range(e, e + 1)) for e, effect in enumerate(effects))

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

    def like(self, number: float) -> FloatArray:
        """Correlation matrix that one number stands for, shape (k, k); it need not be positive definite."""
        return np.where(np.eye(self.size) == 1.0, 1.0, number)

    def has(self, correlation: FloatArray) -> bool:  # noqa: ARG002
        """Whether a correlation matrix is among those of the structure."""
        return True

    # What follows is asked by REML and ML. They seek `n_parameters` numbers in which the criterion is smooth
    # where a covariance matrix is singular too: here the lower triangle of L, relative to sigma.

    @property
    def is_deviation(self) -> NDArray[np.bool_]:
        """Which of the estimate's numbers make a standard deviation, shape (m,)."""
        rows, columns = lower_triangle(self.size)
        return np.asarray(rows == columns)

    def start(self, relative: float) -> FloatArray:
        """Numbers of independent effects with one standard deviation over sigma, shape (m,)."""
        return np.asarray(relative * self.is_deviation, dtype=np.float64)

    def triangle(self, numbers: FloatArray) -> FloatArray:
        """Lower triangle of L, row by row, shape (m,) to (k (k + 1) / 2,)."""
        return numbers

    def pulled(self, numbers: FloatArray, slope: FloatArray) -> FloatArray:  # noqa: ARG002
        """Gradient in the numbers from that in the triangle, shape (m,)."""
        return slope

    def deviation_place(self, effect: int) -> int:  # noqa: ARG002
        """Which number makes the standard deviation of an effect, which of a free structure comes first."""
        return 0

    @property
    def correlation_bounds(self) -> tuple[float, float]:
        """Smallest and largest value of a correlation."""
        return -1.0, 1.0

    @property
    def correlation_place(self) -> int:
        """Which number is left out where a correlation is held, of a free structure that of the first two."""
        return 2

    @property
    def n_logarithms(self) -> int:
        """How many of the first numbers are then logarithms of standard deviations."""
        return 2

    def without_correlation(self, numbers: FloatArray) -> FloatArray:
        """Numbers beside the correlation of the first two effects, shape (m,) to (m - 1,).

        The first two rows of L are (e^a, 0) and e^b (r, sqrt(1 - r^2)) with the correlation r.
        """
        return np.array([np.log(abs(numbers[0])), np.log(np.hypot(numbers[1], numbers[2])), *numbers[3:]])

    def with_correlation(self, value: float, free: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The way back for a value of the correlation, with derivatives, shapes (m,) and (m, m - 1)."""
        sd = np.exp(free[:2])
        rows = np.array([sd[0], value * sd[1], np.sqrt(1.0 - value**2) * sd[1]])
        slopes = np.insert(np.eye(len(free)), 2, 0.0, axis=0)
        slopes[:3, :2] = [[rows[0], 0.0], [0.0, rows[1]], [0.0, rows[2]]]
        return np.concatenate([rows, free[2:]]), slopes


@dataclass(frozen=True, slots=True)
class EffectSet:
    """A set of effects of a grouping factor, and where it stands.

    Attributes
    ----------
    covariance : Covariance
        Its structure.
    effects : slice
        Among the effects of the grouping factor.
    deviations : slice
        Of its standard deviations, among those of the grouping factor.
    coordinates : slice
        Of its correlations, among those of the grouping factor.
    """

    covariance: Covariance
    effects: slice
    deviations: slice
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
        effect, deviation, coordinate, out = 0, 0, 0, []
        for each in self.sets:
            effects = slice(effect, effect + each.size)
            deviations = slice(deviation, deviation + each.n_deviations)
            coordinates = slice(coordinate, coordinate + each.n_coordinates)
            out.append(EffectSet(each, effects, deviations, coordinates))
            effect, deviation, coordinate = effects.stop, deviations.stop, coordinates.stop
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
        found: dict[str, Covariance] = {}
        for each in self.sets:
            if each.n_coordinates:
                found.setdefault(each.name, each)
        return found

    @property
    def of_effect(self) -> IntArray:
        """Which of the standard deviations every effect has, shape (k,)."""
        counts = [each.size if each.is_tied else 1 for each in self.sets for _ in range(each.n_deviations)]
        return np.repeat(np.arange(self.n_deviations), counts)

    @property
    def leaders(self) -> IntArray:
        """First effect that has each of the standard deviations, shape (n_deviations,)."""
        return np.unique(self.of_effect, return_index=True)[1]

    def spread(self, deviations: FloatArray) -> FloatArray:
        """Standard deviations, or their logarithms, of all effects from those that are free, (..., k)."""
        return np.take(deviations, self.of_effect, axis=-1)

    def log_deviations(self, theta: FloatArray) -> FloatArray:
        """Logarithms of the standard deviations of all effects from a factor's theta, shape (..., k)."""
        return self.spread(theta[..., : self.n_deviations])

    def deviations(self, effects: Sequence[str]) -> list[Deviation]:
        """Standard deviations that are parameters."""
        return [
            Deviation(each.name, part.places[each.effects.start : each.effects.stop])
            for part in self.parts
            for each in part.covariance.deviations(effects[part.effects])
        ]

    def correlations(self, effects: Sequence[str]) -> list[tuple[Covariance, Correlation]]:
        """Correlations that are parameters, with the structure they belong to."""
        found, taken = [], set[tuple[str, ...]]()
        for part in self.parts:
            for each in part.covariance.correlations(effects[part.effects]):
                named = (f"{each.names[0]}.{n}" if n else each.names[0] for n in count())
                names = each.names if len(each.names) > 1 else next((n,) for n in named if (n,) not in taken)
                taken.add(names)
                i, j = (place + part.effects.start for place in each.pair)
                found.append((part.covariance, Correlation(names, (i, j))))
        return found

    def pooled(self, scales: FloatArray) -> FloatArray:
        """Scales of columns, shape (k,): of effects with one standard deviation their root mean square."""
        out = scales.copy()
        for part in self.parts:
            if part.covariance.is_tied:
                out[part.effects] = np.sqrt(np.mean(scales[part.effects] ** 2))
        return out

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
