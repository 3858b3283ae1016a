"""Normal quantiles and their envelopes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.plots.quantiles import normal_envelope, normal_positions, normal_quantiles


def inside(sample: np.ndarray, **options) -> np.ndarray:
    band = normal_envelope(np.sort(sample), **options)
    return (np.sort(sample) >= band["lower"].to_numpy()) & (np.sort(sample) <= band["upper"].to_numpy())


@pytest.mark.parametrize("n", [10, 60, 700])
@pytest.mark.parametrize("prob", [0.8, 0.95])
def test_normal_samples_lie_inside_as_often_as_promised(n: int, prob: float) -> None:
    """1,200 samples: the standard error of a share is 0.012 at most. Of 700 values some are simulated."""
    rng = np.random.default_rng(n)
    # the bounds are location-scale equivariant, so that one envelope serves all standardized samples
    band = normal_envelope(stats.zscore(normal_positions(n), ddof=1), prob=prob)
    samples = np.sort(stats.zscore(rng.normal(size=(1200, n)), axis=1, ddof=1), axis=1)
    everywhere = ((samples >= band["lower"].to_numpy()) & (samples <= band["upper"].to_numpy())).all(axis=1)
    assert everywhere.mean() == pytest.approx(prob, abs=0.04 if n < 400 else 0.06)


def test_pointwise_bounds_hold_each_order_statistic() -> None:
    n, prob = 25, 0.9
    band = normal_envelope(stats.zscore(normal_positions(n), ddof=1), prob=prob, simultaneous=False)
    samples = np.sort(stats.zscore(np.random.default_rng(3).normal(size=(4000, n)), axis=1, ddof=1), axis=1)
    share = ((samples >= band["lower"].to_numpy()) & (samples <= band["upper"].to_numpy())).mean(axis=0)
    np.testing.assert_allclose(share, prob, atol=0.03)


def test_envelope_follows_location_and_scale() -> None:
    sample = np.sort(np.random.default_rng(2).normal(size=40))
    np.testing.assert_allclose(normal_envelope(5 + 3 * sample), 5 + 3 * normal_envelope(sample))


def test_simultaneous_is_wider_than_pointwise() -> None:
    sample = np.sort(np.random.default_rng(2).normal(size=40))
    wide, narrow = normal_envelope(sample), normal_envelope(sample, simultaneous=False)
    assert ((wide["upper"] > narrow["upper"]) & (wide["lower"] < narrow["lower"])).all()


@pytest.mark.parametrize(("sample", "normal"), [("normal", True), ("exponential", False)])
def test_exponential_is_told_from_normal(sample: str, normal: bool) -> None:
    values = getattr(np.random.default_rng(4), sample)(size=100)
    assert inside(values).all() == normal


def test_outlier_is_coloured_and_named() -> None:
    values = np.append(np.random.default_rng(4).normal(size=60), 9.0)
    ax = normal_quantiles(values, labels=[f"row {i}" for i in range(61)])
    assert "row 60" in [text.get_text() for text in ax.texts]
    colors = ax.collections[-1].get_facecolors()
    assert tuple(colors[-1][:3]) != tuple(colors[30][:3])
    np.testing.assert_allclose(ax.collections[-1].get_offsets()[:, 1], np.sort(values))


def test_constant_values_are_drawn() -> None:
    ax = normal_quantiles(np.zeros(5))
    assert len(ax.collections[-1].get_offsets()) == 5


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"values": np.zeros(2)}, DataError, "at least 3"),
        ({"values": np.arange(9.0), "envelope": "wide"}, BayesmixedError, "envelope='wide'"),
        ({"values": np.arange(9.0), "prob": 95}, BayesmixedError, "prob"),
    ],
)
def test_mistakes_are_named(arguments, error, words) -> None:
    with pytest.raises(error, match=words):
        normal_quantiles(**arguments)
