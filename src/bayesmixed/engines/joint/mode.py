"""The mode of the joint posterior, and the normal approximation around it."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse

from bayesmixed.design.records import FloatArray
from bayesmixed.engines.joint import layout as at
from bayesmixed.engines.joint.density import density, expand, scores
from bayesmixed.engines.joint.packing import JointPacked, keep_coupled, pack_joint
from bayesmixed.engines.joint.problem import JointProblem
from bayesmixed.engines.joint.sources import require_run
from bayesmixed.engines.kernel.standardization import inverse_root

DOUBLES = ctypes.POINTER(ctypes.c_double)

LOWEST, HIGHEST = -8.0, 8.0
"""Box in which theta's mode and the logs of the auxiliary parameters' are looked for."""

MOST_ROUNDS = 8
SETTLED = 0.05
"""Change of theta, relative to its spread, at which the mode is taken as found."""

STEP = 1e-4
"""Half the width of differences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointMode:
    """A problem in the coordinates in which NUTS walks over it."""

    # with the normal approximation at the mode, and the low part of the point centred and scaled there
    packed: JointPacked
    low: FloatArray  # theta and the logs of the auxiliary parameters at the mode, shape (n_low,)
    # for each factor the information of the rows on every effect, at the mode, times the variance that the
    # effect's distribution has there, shape (J, k)
    information: tuple[FloatArray, ...]


def evaluate_joint(packed: JointPacked, z: FloatArray) -> tuple[float, FloatArray]:
    """Joint log density at the coordinates of NUTS, and its gradient in them.

    Shapes: `z` (dimension,); returns (dimension,).
    """
    z = np.ascontiguousarray(z, dtype=np.float64)
    gradient, value = np.zeros_like(z), np.zeros(1)
    status = density.ctypes(len(z), _pointer(z), _pointer(gradient), _pointer(value), packed.address)
    return (float(value[0]) if require_run(status) == 0 else -np.inf), gradient


def expand_joint(packed: JointPacked, z: FloatArray) -> FloatArray:
    """Point for the coordinates of NUTS: theta, logs of auxiliary parameters, effects, coefficients.

    Shapes: `z` (dimension,); returns (dimension,).
    """
    z = np.ascontiguousarray(z, dtype=np.float64)
    out = np.empty_like(z)
    require_run(expand.ctypes(len(z), len(z), _pointer(z), _pointer(out), packed.address))
    return out


def row_scores(packed: JointPacked, auxiliary: FloatArray, eta: FloatArray) -> FloatArray:
    """Derivative of every row's log likelihood in its linear predictor.

    Shapes: `eta` (n,); returns (n,).
    """
    return row_slopes(packed, auxiliary, eta)[0]


def row_slopes(packed: JointPacked, auxiliary: FloatArray, eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same, with the derivatives of the log likelihood in the auxiliary parameters, shape (a,)."""
    values = np.ones(2 * at.MOST_AUXILIARY + at.DERIVED)
    values[: len(auxiliary)] = auxiliary
    eta = np.ascontiguousarray(eta)
    out = np.empty_like(eta)
    require_run(scores.ctypes(_pointer(values), _pointer(eta), _pointer(out), packed.address))
    first = at.MOST_AUXILIARY + at.DERIVED
    return out, values[first : first + len(auxiliary)]


def _pointer(values: FloatArray) -> object:
    """Address of an array for the compiled functions."""
    return values.ctypes.data_as(DOUBLES)


def find_joint_mode(problem: JointProblem) -> JointMode:
    """Find the mode of theta with the effects at their own, and the coordinates around it.

    In turn: effects and coefficients are brought to their mode given theta; the normal approximation is made
    there anew; theta is brought to the mode of Laplace's approximation (Tierney and Kadane 1986) in which
    the information is held. The normal approximation of rows takes minus the second derivative of the log
    likelihood, by differences of the score, where it is positive.
    """
    packed = pack_joint(problem)
    columns = problem.columns()
    low = np.zeros(packed.n_low)
    packed = _approximated(problem, packed, columns, low, None)
    for _ in range(MOST_ROUNDS):
        effects = _effects_mode(packed, low)
        packed = _approximated(problem, packed, columns, low, effects)
        previous, low = low, _low_mode(packed, low)
        scale = inverse_root(_low_hessian(packed, low))
        if np.all(np.abs(low - previous) < SETTLED * np.linalg.norm(scale, axis=1)):
            break
    effects = _effects_mode(packed, low)
    packed = _approximated(problem, packed, columns, low, effects)
    scale = inverse_root(_low_hessian(packed, low))
    return JointMode(
        packed=packed.with_sections({at.LOW_CENTER: low, at.LOW_SCALE: scale}),
        low=low,
        information=_information(problem, packed, low),
    )


def _alone(problem: JointProblem) -> FloatArray:
    """Linear predictor of every row that its response alone would have, shape (n,).

    As generalized linear models begin (McCullagh and Nelder 1989, section 2.5): a little towards the middle,
    where the link of the response itself need not exist. From a common value one Newton step for a large
    count overflows.
    """
    family, rows = problem.family, problem.rows
    location = family.first_location(rows.y, rows.trials)
    return family.link_function.link(np.asarray(location, dtype=np.float64))


def _approximated(
    problem: JointProblem,
    packed: JointPacked,
    columns: sparse.csr_array,
    low: FloatArray,
    joint: FloatArray | None,
) -> JointPacked:
    """Problem whose normal approximation is that of the data at given effects, or at rows by themselves."""
    auxiliary, offset = np.exp(low[problem.n_theta :]), problem.rows.offset
    eta = _alone(problem) if joint is None else offset + columns @ joint
    score = row_scores(packed, auxiliary, eta)
    after = row_scores(packed, auxiliary, eta + STEP)
    before = row_scores(packed, auxiliary, eta - STEP)
    curvature = (before - after) / (2.0 * STEP)
    curvature = np.where(np.isfinite(curvature), np.maximum(curvature, 0.0), 0.0)
    score = np.where(np.isfinite(score), score, 0.0)
    information = sparse.csr_array(columns.T @ (columns.multiply(curvature[:, None])))
    given = keep_coupled(information, problem)
    prior, pull = _fixed_normal(problem)
    own = np.concatenate([np.zeros(problem.order - len(prior)), prior])
    precision = given + sparse.diags_array(own, format="csc")
    centre = columns.T @ (curvature * (eta - offset)) if joint is None else given @ joint
    pull = centre + columns.T @ score + np.concatenate([np.zeros(problem.order - len(prior)), pull])
    return packed.with_sections({at.PRECISION_VALUE: packed.pattern.values(precision), at.PULL: pull})


def _fixed_normal(problem: JointProblem) -> tuple[FloatArray, FloatArray]:
    """Precision of the coefficients' priors at their centres, and that times the centre."""
    numbers = problem.fixed_priors
    precision = numbers[:, 1] + 2.0 * numbers[:, 2] * numbers[:, 3] + numbers[:, 4] ** 2
    return precision, precision * numbers[:, 0]


def _effects_mode(packed: JointPacked, low: FloatArray) -> FloatArray:
    """Effects and coefficients at their mode given theta."""
    n_low = packed.n_low

    def objective(deviates: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = evaluate_joint(packed, np.concatenate([low, deviates]))
        return _for_minimizer(value, gradient[n_low:])

    found = optimize.minimize(
        objective,
        np.zeros(packed.dimension - n_low),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 100, "gtol": 1e-3, "ftol": 1e-10},
    )
    return expand_joint(packed, np.concatenate([low, found.x]))[n_low:]


def _low_mode(packed: JointPacked, low: FloatArray) -> FloatArray:
    """Theta and auxiliary parameters at their mode, the effects at the mean of the normal approximation."""
    if not packed.n_low:
        return low
    deviates = np.zeros(packed.dimension - packed.n_low)

    def objective(values: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = evaluate_joint(packed, np.concatenate([values, deviates]))
        return _for_minimizer(value, gradient[: packed.n_low])

    found = optimize.minimize(
        objective,
        low,
        jac=True,
        method="L-BFGS-B",
        bounds=[(LOWEST, HIGHEST)] * packed.n_low,
        options={"maxiter": 30, "gtol": 1e-3, "ftol": 1e-9},
    )
    return np.asarray(found.x)


def _for_minimizer(value: float, gradient: FloatArray) -> tuple[float, FloatArray]:
    """Minus a log density and its gradient; a large number where there is none."""
    return (-value, -gradient) if np.isfinite(value) else (1e300, np.zeros_like(gradient))


def _low_hessian(packed: JointPacked, low: FloatArray) -> FloatArray:
    """Second derivatives in theta and auxiliary parameters, shape (n_low, n_low)."""
    point = np.concatenate([low, np.zeros(packed.dimension - packed.n_low)])
    moves = STEP * np.eye(packed.n_low, packed.dimension)
    after = np.array([evaluate_joint(packed, point + move)[1][: packed.n_low] for move in moves])
    before = np.array([evaluate_joint(packed, point - move)[1][: packed.n_low] for move in moves])
    # Where there is no density there is no gradient either: `inverse_root` takes that as flat.
    with np.errstate(invalid="ignore"):
        hessian: FloatArray = (after - before) / (2.0 * STEP)
    return hessian.reshape(packed.n_low, packed.n_low)


def _information(problem: JointProblem, packed: JointPacked, low: FloatArray) -> tuple[FloatArray, ...]:
    """For each factor the rows' information on every effect in units of its distribution's precision."""
    diagonal = packed.section(at.PRECISION_VALUE, len(packed.pattern.row))[packed.pattern.pointer[:-1]]
    parts = []
    for f, (j, k) in enumerate(zip(problem.n_levels, problem.n_effects, strict=True)):
        first = problem.first_effects[f]
        log_sd = problem.covariances[f].log_deviations(low[packed.theta_of_factor[f]])
        parts.append(diagonal[first : first + j * k].reshape(j, k) * np.exp(2.0 * log_sd))
    return tuple(parts)
