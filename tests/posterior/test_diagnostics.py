from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from bayesmixed import names
from bayesmixed.errors import BayesmixedError, ConvergenceWarning
from bayesmixed.posterior.diagnostics import CANDIDATES, Diagnosis, diagnose, warn_if_bad

LEVELS = ["308", "a:b", "c/d|e", "f[g], h"]


def tree(levels: list[str] = LEVELS, seed: int = 1, **changed: np.ndarray) -> xr.DataTree:
    """Independent draws under the names of a model with correlated slopes."""
    rng = np.random.default_rng(seed)
    corr = np.ones((4, 500, 2, 2))
    corr[..., 0, 1] = corr[..., 1, 0] = rng.uniform(-1, 1, size=(4, 500))
    chain_draw = (names.CHAIN, names.DRAW)
    effect, bis = names.effect_dim("Subject"), names.effect_bis_dim("Subject")
    values = {
        names.BETA: ((*chain_draw, names.TERM), rng.normal(size=(4, 500, 2))),
        names.SIGMA: (chain_draw, rng.normal(size=(4, 500))),
        names.sd("Subject"): ((*chain_draw, effect), rng.normal(size=(4, 500, 2))),
        names.corr("Subject"): ((*chain_draw, effect, bis), corr),
        names.ranef("Subject"): (
            (*chain_draw, "Subject", effect),
            rng.normal(size=(4, 500, len(levels), 2)),
        ),
    }
    values |= {name: (values[name][0], array) for name, array in changed.items()}
    effects = ["Intercept", "Days"]
    coords = {names.TERM: effects, "Subject": levels, effect: effects, bis: effects}
    stats = xr.Dataset({"diverging": (chain_draw, np.zeros((4, 500), dtype=bool))})
    return xr.DataTree.from_dict({"posterior": xr.Dataset(values, coords=coords), "sample_stats": stats})


def diagnosis(**changed: object) -> Diagnosis:
    """A good diagnosis with some fields changed."""
    good = Diagnosis(
        quantities=("sigma", "beta[Days]"),
        r_hat=np.array([1.0, 1.005]),
        ess_bulk=np.array([3000.0, 400.0]),
        ess_tail=np.array([400.0, 2000.0]),
        divergences=0,
        n_chains=4,
        n_draws=1000,
    )
    return replace(good, **changed)


def test_every_quantity_is_named_and_no_other() -> None:
    expected = [
        "beta[Intercept]",
        "beta[Days]",
        "sigma",
        "sd_Subject[Intercept]",
        "sd_Subject[Days]",
        "corr_Subject[Intercept, Days]",
        *(f"ranef_Subject[{level}, {effect}]" for level in LEVELS for effect in ("Intercept", "Days")),
    ]
    table = diagnose(tree()).table()
    assert table.index.tolist() == expected
    assert table.index.name == "quantity"
    assert table.columns.tolist() == ["r_hat", "ess_bulk", "ess_tail"]


def test_independent_draws_are_good() -> None:
    found = diagnose(tree())
    assert found.is_good
    assert found.problems() == ()


def test_constants_are_left_out() -> None:
    sd = np.random.default_rng(2).normal(size=(4, 500, 2))
    sd[..., 1] = 0.0
    quantities = diagnose(tree(sd_Subject=sd)).quantities
    assert "sd_Subject[Intercept]" in quantities
    assert "sd_Subject[Days]" not in quantities


@pytest.mark.parametrize("ranef", ["screen", "all"])
def test_one_bad_random_effect_among_many_is_found(ranef: str) -> None:
    levels = [str(i) for i in range(300)]
    values = np.random.default_rng(3).normal(size=(4, 500, 300, 2))
    values[2, :, 217, 1] += 1.0
    found = diagnose(tree(levels, ranef_Subject=values), ranef=ranef)
    assert found.worst_rhat == "ranef_Subject[217, Days]"
    assert not found.is_good


@pytest.mark.parametrize(("ranef", "judged"), [("screen", CANDIDATES), ("all", 600)])
def test_the_screen_judges_a_few_random_effects(ranef: str, judged: int) -> None:
    found = diagnose(tree([str(i) for i in range(300)]), ranef=ranef)
    assert sum(q.startswith("ranef") for q in found.quantities) == judged
    assert found.n_screened == 600 - judged


def test_screened_statistics_are_those_of_the_full_table() -> None:
    draws = tree([str(i) for i in range(30)])
    few, every = diagnose(draws).table(), diagnose(draws, ranef="all").table()
    np.testing.assert_array_equal(few.to_numpy(), every.loc[few.index].to_numpy())


def test_divergences_are_counted() -> None:
    draws = tree()
    draws["sample_stats"]["diverging"][1, 3:6] = True
    found = diagnose(draws)
    assert found.divergences == 3
    assert "3 of 2000 transitions" in found.problems()[0]


def test_draws_without_sampler_statistics_have_no_divergences() -> None:
    draws = xr.DataTree.from_dict({"posterior": tree()["posterior"].to_dataset()})
    assert diagnose(draws).divergences == 0


def test_unknown_word_is_refused() -> None:
    with pytest.raises(BayesmixedError, match="'screen', 'all'"):
        diagnose(tree(), ranef="none")  # type: ignore[arg-type]


LIMITS = [
    ({}, True),
    ({"r_hat": np.array([1.0, 1.01])}, True),
    ({"r_hat": np.array([1.0, 1.0101])}, False),
    ({"ess_bulk": np.array([399.9, 400.0])}, False),
    ({"ess_tail": np.array([400.0, 399.9])}, False),
    ({"r_hat": np.array([np.nan, 1.0])}, False),
    ({"r_hat": np.array([np.inf, 1.0])}, False),
    ({"divergences": 5}, True),
]


@pytest.mark.parametrize(("changed", "good"), LIMITS)
def test_limits(changed: dict[str, object], good: bool) -> None:
    assert diagnosis(**changed).is_good is good


PROBLEMS = [
    ({"r_hat": np.array([1.0, 1.2])}, ["beta[Days]", "1.200", "tune="]),
    ({"r_hat": np.array([np.inf, 1.2])}, ["sigma", "inf"]),
    ({"ess_bulk": np.array([200.0, 500.0])}, ["sigma has 200 effective draws in its bulk", "draws=3000"]),
    (
        {"ess_tail": np.array([500.0, 100.0])},
        ["beta[Days] has 100 effective draws in its tails", "draws=6000"],
    ),
    ({"divergences": 7}, ["7 of 4000 transitions diverged", "adapt=True"]),
    ({"divergences": 7, "target_accept": 0.95}, ["acceptance rate of 0.95", "drop the random effect"]),
    ({"r_hat": np.array([np.nan, 1.0])}, ["sigma could not be judged"]),
    ({"r_hat": np.array([np.nan, np.nan])}, ["sigma and 1 more could not be judged"]),
]


@pytest.mark.parametrize(("changed", "words"), PROBLEMS)
def test_each_problem_is_one_sentence_with_advice(changed: dict[str, object], words: list[str]) -> None:
    (problem,) = diagnosis(**changed).problems()
    assert all(word in problem for word in words)
    assert problem.endswith(".")


def test_all_problems_are_one_warning() -> None:
    bad = diagnosis(r_hat=np.array([1.0, 1.2]), ess_bulk=np.array([200.0, 300.0]), divergences=3)
    with pytest.warns(ConvergenceWarning) as caught:
        warn_if_bad(bad)
    assert len(caught) == 1
    assert str(caught[0].message).count("\n") == 2
    assert caught[0].filename == __file__


def test_good_draws_do_not_warn() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_if_bad(diagnosis())
    assert caught == []
