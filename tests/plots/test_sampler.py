"""The sampler's diagnostics and the prior beside the posterior, drawn by ArviZ under our labels."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from bayesmixed.errors import BayesmixedError, DataError
from bayesmixed.plots.sampler import energy, ess, quantity_dataset, rank, trace

LABELS = [
    "Intercept",
    "Days",
    "sd_Subject[Intercept]",
    "sd_Subject[Days]",
    "corr_Subject[Intercept, Days]",
    "sigma",
]


@pytest.mark.parametrize("plot", [trace, rank, ess])
def test_panels_are_named_as_users_write_parameters(sleep_bayes, plot) -> None:
    axes = plot(sleep_bayes.draws, sleep_bayes.spec.design)
    assert [panel.get_title().replace("\n", "") for panel in axes] == LABELS


@pytest.mark.parametrize("plot", [trace, rank, ess])
def test_parameters_are_chosen_and_axes_used(sleep_bayes, plot) -> None:
    _, given = plt.subplots(1, 2)
    axes = plot(sleep_bayes.draws, sleep_bayes.spec.design, parameters=["sigma", "corr_Subject"], ax=given)
    assert list(axes) == list(given)
    assert axes[0].get_title() == "sigma"
    assert plt.get_fignums() == [given[0].figure.number]


def test_traces_are_the_draws(sleep_bayes) -> None:
    panel = trace(sleep_bayes.draws, sleep_bayes.spec.design, parameters=["sigma"])[0]
    sigma = sleep_bayes.draws["posterior"]["sigma"].values
    np.testing.assert_allclose([line.get_ydata() for line in panel.lines], sigma)


@pytest.mark.parametrize("plot", [trace, rank, ess])
def test_unknown_parameter_is_named(sleep_bayes, plot) -> None:
    with pytest.raises(DataError, match=r"no parameter 'days'\. Did you mean 'Days'"):
        plot(sleep_bayes.draws, sleep_bayes.spec.design, parameters=["days"])


def test_dataset_holds_the_right_draws(sleep_bayes) -> None:
    data = quantity_dataset(sleep_bayes.draws, sleep_bayes.spec.design)
    expected = sleep_bayes.draws["posterior"]["sd_Subject"].sel(Subject_effect="Days")
    np.testing.assert_array_equal(data["value"].sel(quantity="sd_Subject[Days]"), expected)


def test_energy_has_two_panels(sleep_bayes) -> None:
    assert [panel.get_title() for panel in energy(sleep_bayes.draws)] == ["BFMI of every chain", "energy"]


def test_draws_without_energy_are_refused(sleep_bayes) -> None:
    posterior = sleep_bayes.draws["posterior"].to_dataset()
    with pytest.raises(BayesmixedError, match="do not include the energy"):
        energy(xr.DataTree.from_dict({"posterior": posterior}))


def test_unknown_kind_is_named(sleep_bayes) -> None:
    with pytest.raises(BayesmixedError, match="kind='bulk'"):
        ess(sleep_bayes.draws, sleep_bayes.spec.design, kind="bulk")
