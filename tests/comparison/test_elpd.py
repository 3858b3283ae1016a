"""Models ranked by cross-validation."""

from __future__ import annotations

import pytest

import bayesmixed as bm

SLEEP = bm.load_dataset("sleepstudy")


@pytest.fixture(scope="module")
def fits() -> dict[str, bm.MixedFit]:
    bars = {"slopes": "Days", "intercepts": "1"}
    return {
        name: bm.lmer(f"Reaction ~ Days + ({bar} | Subject)", SLEEP, seed=1) for name, bar in bars.items()
    }


def test_groups_left_out_rank_the_models(fits: dict[str, bm.MixedFit]) -> None:
    table = bm.compare(fits, group="Subject")
    assert list(table.index) == ["slopes", "intercepts"]
    elpd = {name: fit.loo(group="Subject").elpd for name, fit in fits.items()}
    assert table["elpd"].to_dict() == pytest.approx(elpd, rel=1e-9)
    gap = elpd["slopes"] - elpd["intercepts"]
    assert abs(table.loc["intercepts", "elpd_diff"]) == pytest.approx(gap, rel=1e-9)


@pytest.mark.parametrize("fits_given", [{}, [1, 2], {"one": None}])
def test_two_fits_by_name_are_wanted(fits_given: object) -> None:
    with pytest.raises(bm.BayesmixedError, match="two or more fits by name"):
        bm.compare(fits_given)  # type: ignore[arg-type]
