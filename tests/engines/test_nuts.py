"""NUTS on compiled densities, by C function pointer and by Python callback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bayesmixed.engines import nuts
from bayesmixed.engines.collapsed.problem import evaluate
from bayesmixed.engines.kernel.density import density, expand
from bayesmixed.engines.kernel.standardization import Coordinates
from bayesmixed.engines.nuts import STATISTICS, NativeDensity, run_nuts
from bayesmixed.engines.records import SamplerSettings
from bayesmixed.errors import SamplingError

SETTINGS = SamplerSettings(draws=60, tune=120, chains=3, cores=2, seed=17)


def native(packed: Any) -> NativeDensity:
    return NativeDensity(dimension=packed.dimension, density=density, expand=expand, data=packed.block)


def run(packed: Any, settings: SamplerSettings = SETTINGS, **options: Any) -> Any:
    def start(seed: int) -> np.ndarray:
        return np.random.default_rng(seed).normal(-1, 0.2, packed.dimension)

    return run_nuts(native(packed), settings, start=start, **options)


@pytest.mark.parametrize("name", ["two correlated", "nested crossed", "sampled, not centred", "student"])
def test_pointer_and_callback_give_the_same_draws(case_of: Callable[[str], Any], name: str) -> None:
    packed = case_of(name).packed
    pointer, callback = run(packed), run(packed, callback=True)
    np.testing.assert_array_equal(pointer.points, callback.points)
    for statistic in STATISTICS.values():
        np.testing.assert_array_equal(pointer.sample_stats[statistic], callback.sample_stats[statistic])


def without(name: str) -> Callable[[Any], Any]:
    """nutpie without one of its private functions."""
    return lambda lib: SimpleNamespace(**{key: value for key, value in vars(lib).items() if key != name})


def with_other_arguments(name: str) -> Callable[[Any], Any]:
    """nutpie whose private function takes something else."""
    return lambda lib: SimpleNamespace(**{**vars(lib), name: lambda: None})


def with_another_sampler(lib: Any) -> Any:
    """nutpie that makes its samplers in another way."""
    return SimpleNamespace(
        **{**vars(lib), "PySampler": SimpleNamespace(from_pyfunc=lib.PySampler.from_pyfunc)}
    )


CHANGED = {
    "no LogpFunc": without("LogpFunc"),
    "no PyMcModel": without("PyMcModel"),
    "another PyMcModel": with_other_arguments("PyMcModel"),
    "another ExpandFunc": with_other_arguments("ExpandFunc"),
    "another PySampler": with_another_sampler,
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_another_private_interface_leads_to_the_callback_with_one_warning(
    change: Callable[[Any], Any], case_of: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = case_of("intercept").packed
    pointer = run(packed)
    monkeypatch.setitem(sys.modules, "nutpie._lib", change(sys.modules["nutpie._lib"]))
    nuts._warn_of_detour.cache_clear()
    with pytest.warns(RuntimeWarning, match="through Python: the draws are the same") as told:
        detours = [run(packed) for _ in range(2)]
    assert len(told) == 1
    for detour in detours:
        np.testing.assert_array_equal(detour.points, pointer.points)


def test_a_seed_repeats_and_another_does_not(case_of: Callable[[str], Any]) -> None:
    packed = case_of("crossed").packed
    first, again = run(packed), run(packed)
    other = run(packed, SamplerSettings(draws=60, tune=120, chains=3, cores=2, seed=18))
    np.testing.assert_array_equal(first.points, again.points)
    assert np.all(first.points[:, -1] != other.points[:, -1])
    assert np.all(first.points[0, -1] != first.points[1, -1])


def test_the_number_of_cores_does_not_matter(case_of: Callable[[str], Any]) -> None:
    packed = case_of("intercept").packed
    alone = run(packed, SamplerSettings(draws=60, tune=120, chains=3, cores=1, seed=17))
    np.testing.assert_array_equal(run(packed).points, alone.points)


def test_statistics_belong_to_the_draws(case_of: Callable[[str], Any]) -> None:
    packed = case_of("two correlated").packed
    drawn = run(packed)
    assert drawn.points.shape == (3, 60, packed.dimension)
    assert set(drawn.sample_stats) == set(STATISTICS.values())
    assert all(values.shape == (3, 60) for values in drawn.sample_stats.values())
    densities = [[evaluate(packed, point)[0] for point in chain] for chain in drawn.points]
    np.testing.assert_allclose(drawn.sample_stats["lp"], densities, atol=1e-9)
    assert drawn.sample_stats["diverging"].dtype == bool
    assert np.all(drawn.sample_stats["n_steps"] >= 1)
    assert np.all((drawn.sample_stats["acceptance_rate"] >= 0) & (drawn.sample_stats["acceptance_rate"] <= 1))


def test_a_higher_target_takes_smaller_steps(case_of: Callable[[str], Any]) -> None:
    packed = case_of("two correlated").packed
    sizes = [run(packed, target_accept=target).sample_stats["step_size"].mean() for target in (0.7, 0.98)]
    assert sizes[1] < 0.8 * sizes[0]


@pytest.mark.parametrize("callback", [False, True])
def test_a_density_that_is_nowhere_finite_is_an_error_of_ours(
    case_of: Callable[[str], Any], callback: bool
) -> None:
    packed = case_of("intercept").packed
    nowhere = packed.with_coordinates(
        Coordinates(
            center=np.full(packed.dimension, np.nan),
            theta_scale=np.eye(packed.n_theta),
            sampled_scale=np.empty(0),
            directions=np.empty(0),
            amounts=np.empty(0),
        )
    )
    with pytest.raises(SamplingError, match="NUTS broke off"):
        run(nowhere, callback=callback)
