"""Links undo their inverses, and their slopes are slopes."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.families.links import LINKS

PREDICTOR = np.array([0.05, 0.4, 1.3, 2.1])


@pytest.mark.parametrize("name", LINKS)
def test_the_link_undoes_its_inverse(name: str) -> None:
    link = LINKS[name]
    np.testing.assert_allclose(link.link(link.inverse(PREDICTOR)), PREDICTOR, rtol=1e-10)


@pytest.mark.parametrize("name", LINKS)
def test_the_derivative_is_that_of_the_inverse(name: str) -> None:
    link, step = LINKS[name], 1e-6
    slope = (link.inverse(PREDICTOR + step) - link.inverse(PREDICTOR - step)) / (2 * step)
    np.testing.assert_allclose(link.derivative(PREDICTOR), slope, rtol=1e-6)


@pytest.mark.parametrize("name", ["logit", "probit", "cloglog"])
def test_more_is_more_probable(name: str) -> None:
    grid = np.linspace(-4, 2, 30)
    probabilities = LINKS[name].inverse(grid)
    assert np.all(np.diff(probabilities) > 0)
    assert np.all((probabilities > 0) & (probabilities < 1))


@pytest.mark.parametrize("name", [name for name in LINKS if name != "inverse_squared"])
def test_the_graph_has_the_same_inverse(name: str) -> None:
    import pytensor
    import pytensor.tensor as pt

    with pytensor.config.change_flags(mode="FAST_COMPILE", linker="py"):
        theirs = LINKS[name].graph(pt.constant(PREDICTOR)).eval()
    np.testing.assert_allclose(LINKS[name].inverse(PREDICTOR), theirs, rtol=1e-9)
