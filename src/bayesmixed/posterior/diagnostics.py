"""Convergence of a fit's draws: R-hat and effective sample sizes of every reported quantity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.errors import ConvergenceWarning, warn
from bayesmixed.options import RanefDiagnosis, one_of
from bayesmixed.posterior.convergence import convergence_statistics, worst_candidates
from bayesmixed.posterior.diagnosis import MAX_RHAT, MIN_ESS, TARGET_ACCEPT, Diagnosis
from bayesmixed.posterior.kept import require_all_ranef

__all__ = ["Diagnosis", "diagnose", "warn_if_bad"]

CANDIDATES = 12


def diagnose(draws: xr.DataTree, *, ranef: RanefDiagnosis = "screen") -> Diagnosis:
    """Convergence statistics of every parameter, and of the worst or of all random effects.

    Parameters
    ----------
    draws : xarray.DataTree
        A fit's draws: the group ``posterior`` over (chain, draw), and ``sample_stats`` with ``diverging``
        where the sampler reports it.
    ranef : {"screen", "all"}
        ``"screen"``: of every grouping factor the 12 random effects that look worst to a cheap statistic get
        the full ones. ``"all"``: every random effect does.

    Returns
    -------
    Diagnosis
        Statistics in the order of the variables. The diagonal and the lower triangle of a correlation matrix,
        and quantities that are the same number in all draws, are left out.

    Raises
    ------
    BayesmixedError
        When `ranef` is neither word, or all random effects are asked for and the fit keeps moments of them.

    Notes
    -----
    ArviZ's statistics cost 2 to 3 ms a quantity, some 12 s for the 4,100 random effects of InstEval, and the
    screen (`bayesmixed.posterior.convergence.worst_candidates`) 0.4 s for all of them. The verdict needs only
    the worst: the screen keeps the order of the effective sample sizes, up to the noise of the estimates.
    Screening also spares a good posterior a false alarm: among thousands of noisy estimates the smallest lies
    far below the common truth.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> posterior = xr.Dataset({"sigma": (("chain", "draw"), rng.normal(size=(4, 1000)))})
    >>> diagnose(xr.DataTree.from_dict({"posterior": posterior})).quantities
    ('sigma',)
    """
    one_of(ranef, RanefDiagnosis, "ranef")
    posterior = draws["posterior"].to_dataset()
    if ranef == "all":
        require_all_ranef(posterior, names.groups_of(map(str, posterior.data_vars)))
    labels: list[str] = []
    values: list[FloatArray] = []
    n_screened = 0
    for variable in posterior.data_vars.values():
        flat, few = _flat(variable), ranef == "screen" and names.is_ranef(variable.dims)
        positions = _positions(variable, flat, upper=names.is_correlation(variable.dims), few=few)
        n_screened += flat.shape[2] - len(positions) if few else 0
        chosen = np.moveaxis(flat[:, :, positions], 2, 0)
        varies = (chosen != chosen[:, :1, :1]).any(axis=(1, 2))
        labels += _labels(variable, positions[varies])
        values.append(chosen[varies])
    statistics = convergence_statistics(np.concatenate(values))
    return Diagnosis(
        quantities=tuple(labels),
        r_hat=statistics[:, 0],
        ess_bulk=statistics[:, 1],
        ess_tail=statistics[:, 2],
        divergences=_divergences(draws),
        n_chains=posterior.sizes[names.CHAIN],
        n_draws=posterior.sizes[names.DRAW],
        n_screened=n_screened,
        target_accept=draws.attrs.get(TARGET_ACCEPT),
    )


def _flat(variable: xr.DataArray) -> FloatArray:
    """Draws of a variable, shape (chain, draw, m), its elements in the order of their positions."""
    values = variable.transpose(names.CHAIN, names.DRAW, ...).to_numpy()
    return np.asarray(values, dtype=np.float64).reshape(*values.shape[:2], -1)


def _positions(variable: xr.DataArray, flat: FloatArray, *, upper: bool, few: bool) -> IntArray:
    """Positions of the elements to judge: above the diagonal, the worst few, or all."""
    if upper:
        return np.flatnonzero(np.triu(np.ones(variable.shape[-2:]), k=1))
    if few:
        return worst_candidates(flat, CANDIDATES, MAX_RHAT, MIN_ESS)
    return np.arange(flat.shape[2])


def _labels(variable: xr.DataArray, positions: IntArray) -> list[str]:
    """Names of elements: ``sd_Subject[Days]``, and the bare variable's when it is a number."""
    dims = [dim for dim in variable.dims if dim not in (names.CHAIN, names.DRAW)]
    if not dims:
        return [str(variable.name)] * len(positions)
    axes: Sequence[IntArray] = np.unravel_index(positions, [variable.sizes[dim] for dim in dims])
    coordinates = [variable[dim].to_numpy()[axis] for dim, axis in zip(dims, axes, strict=True)]
    return [f"{variable.name}[{', '.join(map(str, labels))}]" for labels in zip(*coordinates, strict=True)]


def _divergences(draws: xr.DataTree) -> int:
    """Divergent transitions, 0 where the sampler reports none."""
    if "sample_stats" not in draws or "diverging" not in draws["sample_stats"]:
        return 0
    return int(draws["sample_stats"]["diverging"].sum())


def warn_if_bad(diagnosis: Diagnosis) -> None:
    """Warn once when the draws are not good, naming the worst quantities and what to do."""
    problems = diagnosis.problems()
    if problems:
        warn("\n".join(problems), ConvergenceWarning)
