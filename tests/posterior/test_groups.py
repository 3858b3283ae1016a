"""Groups on request: ArviZ's functions work on the tree as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import xarray as xr

from bayesmixed.errors import BayesmixedError
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.prior_draws import add_groups

GROUPS = ("log_likelihood", "log_prior", "posterior_predictive", "prior")


@pytest.fixture
def spec(spec_of: Callable[..., ModelSpec]) -> ModelSpec:
    return spec_of("y ~ x + (x | g)")


@pytest.fixture
def bare(spec: ModelSpec, random_draws_of: Callable[[ModelSpec], xr.DataTree]) -> xr.DataTree:
    return random_draws_of(spec)


@pytest.fixture
def tree(bare: xr.DataTree, spec: ModelSpec) -> xr.DataTree:
    return add_groups(bare, spec, GROUPS, seed=1, prior_draws=300)


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    from matplotlib import pyplot

    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


def test_groups_are_added_to_a_new_tree(bare: xr.DataTree, tree: xr.DataTree) -> None:
    assert set(tree.children) == {*bare.children, *GROUPS, "prior_predictive"}
    assert "log_prior" not in bare.children
    assert tree["posterior"]["beta"].equals(bare["posterior"]["beta"])


def test_an_unknown_group_is_named(bare: xr.DataTree, spec: ModelSpec) -> None:
    with pytest.raises(BayesmixedError, match="Did you mean 'log_likelihood'"):
        add_groups(bare, spec, ["loglikelihood"], seed=1)


@pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto distribution:UserWarning")
def test_loo(tree: xr.DataTree, spec: ModelSpec) -> None:
    import arviz as az

    result = az.loo(tree, pointwise=True)
    assert result.n_data_points == spec.design.n_rows
    total = tree["log_likelihood"]["y"].values
    assert result.elpd < np.log(np.exp(total).mean(axis=(0, 1))).sum()


def test_power_scaling(tree: xr.DataTree) -> None:
    import arviz as az

    table = az.psense_summary(tree, var_names=["beta", "sigma", "sd_g"])
    assert list(table.index) == ["beta[Intercept]", "beta[x]", "sigma", "sd_g[Intercept]", "sd_g[x]"]
    assert np.isfinite(table[["prior", "likelihood"]].to_numpy(dtype=float)).all()


@pytest.mark.filterwarnings("ignore:Your data appears to have a single value:UserWarning")
def test_a_correlation_matrix_is_drawn_with_its_diagonal(tree: xr.DataTree) -> None:
    import arviz as az

    collection = az.plot_prior_posterior(tree, var_names=["corr_g"], backend="matplotlib")
    assert collection.viz["dist"]["corr_g"].shape[-2:] == (2, 2)


@pytest.mark.parametrize(
    ("plot", "options"),
    [
        ("plot_ppc_dist", {"num_samples": 10}),
        ("plot_ppc_dist", {"num_samples": 10, "group": "prior_predictive"}),
        ("plot_prior_posterior", {"var_names": ["beta", "sigma", "sd_g"]}),
        ("plot_energy", {}),
        ("plot_loo_pit", {}),
    ],
)
@pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto distribution:UserWarning")
def test_plots(tree: xr.DataTree, plot: str, options: dict[str, object]) -> None:
    import arviz as az

    collection = getattr(az, plot)(tree, backend="matplotlib", **options)
    assert "figure" in collection.viz.data_vars
