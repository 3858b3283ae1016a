"""The shrinkage explorer: its numbers, and the page in a browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.pooled.conditional_estimates import coefficients_of, pooled_by
from bayesmixed.pooled.explorer import MOST_GROUPS, STEPS, explorer_data, pooling_path
from bayesmixed.pooled.records import regress

SLEEP = "Reaction ~ Days + (Days | Subject)"
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None
)
PROBE = """
const read = () => cells.map(c => [Number(c.shown.dataset.value), Number(c.reliability.dataset.value)]);
const slide = to => { $("slider").value = to; $("slider").dispatchEvent(new Event("input")); return read(); };
const seen = {start: read(), ownText: cells[0].own.textContent, title: document.title,
  complete: slide(0), none: slide(100), quarter: slide(25)};
$("to-estimate").click();
seen.again = read();
if (data.effects.length > 1) { $("effect").value = 1; $("effect").dispatchEvent(new Event("change")); }
seen.second = read();
cells[2].row.querySelector("button").click();
seen.caption = $("lines-caption").textContent;
seen.dots = document.querySelectorAll("#plane circle[data-level]").length;
seen.wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
document.body.dataset.seen = JSON.stringify(seen);
"""


@pytest.fixture(scope="module")
def sleep() -> bm.Pooling:
    return bm.pooling(SLEEP, bm.load_dataset("sleepstudy"), method="reml")


def in_browser(path: Path, width: int = 1100) -> dict[str, Any]:
    """What a script sees on the page after moving the slider."""
    if BROWSER is None:
        pytest.skip("no Chromium")
    page = path.read_text(encoding="utf-8").replace("draw();\n</script>", f"draw();\n{PROBE}</script>")
    path.write_text(page, encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900"]
    profile = f"--user-data-dir={path.parent / 'profile'}"
    done = subprocess.run(
        [*command, profile, "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = re.search(r'data-seen="([^"]*)"', done.stdout)
    assert found, "the page's script broke off"
    return json.loads(unescape(found[1]))


@pytest.mark.parametrize("width", [1100, 500])
def test_the_page_in_a_browser(sleep: bm.Pooling, tmp_path: Path, width: int) -> None:
    seen = in_browser(Path(sleep.explorer(tmp_path / "page.html")), width)
    groups = sleep.groups
    coef = sleep.fit.coef().set_index("effect")["value"]
    own = regress(groups.design, groups.block, groups.varying).coefficients
    for key, expected in (
        ("start", coef["Intercept"]),
        ("again", coef["Intercept"]),
        ("second", coef["Days"]),
        ("complete", np.full(18, 251.4051)),
        ("none", own[:, 0]),
    ):
        shown = np.array(seen[key])[:, 0]
        assert shown == pytest.approx(np.asarray(expected), rel=1e-6), key
    assert np.array(seen["complete"])[:, 1] == pytest.approx(0.0)
    assert np.array(seen["none"])[:, 1] == pytest.approx(1.0, abs=1e-6)
    assert np.array(seen["start"])[:, 1] == pytest.approx(groups.reliability[:, 0], rel=1e-6)
    assert seen["title"] == SLEEP
    assert seen["caption"] == "Lines of all groups; Subject 310 with its rows"
    assert seen["dots"] == 18
    assert not seen["wide"]


def test_groups_without_a_regression_in_a_browser(tmp_path: Path) -> None:
    frame = bm.load_dataset("sleepstudy").iloc[9:60].assign(Subject=lambda f: "</script><b>" + f["Subject"])
    pooling = bm.pooling(SLEEP, frame, method="reml")
    seen = in_browser(Path(pooling.explorer(tmp_path / "page.html", title="A <b>title</b>")))
    assert seen["ownText"] == "\N{EN DASH}"
    assert seen["title"] == "A <b>title</b>"
    assert np.isfinite(np.array(seen["none"])).all()


def test_a_posterior_in_a_browser(tmp_path: Path) -> None:
    pooling = bm.pooling("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), seed=1)
    seen = in_browser(Path(pooling.explorer(tmp_path / "page.html")))
    draws = pooling.fit.draws["posterior"]
    tau2, sigma2 = float(draws["sd_Batch"].median()) ** 2, float(draws["sigma"].median()) ** 2
    y = pooling.groups.design.response.values.reshape(6, 5).mean(axis=1)
    weight = 5 * tau2 / (5 * tau2 + sigma2)
    expected = y.mean() + weight * (y - y.mean())
    assert np.array(seen["start"]) == pytest.approx(np.column_stack([expected, np.full(6, weight)]), rel=1e-6)


@pytest.mark.parametrize(
    ("data", "formula", "group"),
    [
        ("sleepstudy", SLEEP, None),
        ("Dyestuff", "Yield ~ 1 + (1 | Batch)", None),
        ("Dyestuff2", "Yield ~ 1 + (1 | Batch)", None),
        ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", "sample"),
    ],
)
def test_the_path_runs_between_the_regressions(data: str, formula: str, group: str | None) -> None:
    groups = bm.pooling(formula, bm.load_dataset(data), method="reml", group=group).groups
    path = pooling_path(groups)
    assert path.position[STEPS // 2] == 0.5
    assert path.coefficients[STEPS // 2] == pytest.approx(groups.partial, rel=1e-9)
    assert path.coefficients[0] == pytest.approx(groups.complete.coefficients, rel=1e-9)
    assert path.coefficients[-1] == pytest.approx(groups.none.coefficients, rel=1e-6)
    assert path.density.max() == pytest.approx(1.0)
    assert np.all(np.diff(path.sd[:-1], axis=0) >= 0)


def test_posterior_densities_have_their_mass_where_the_draws_are() -> None:
    pooling = bm.pooling("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), seed=1)
    path = pooling_path(pooling.groups, pooling.fit.draws)
    mass = np.cumsum(path.density[:, 0]) / path.density[:, 0].sum()
    assert mass[STEPS // 2] == pytest.approx(0.5, abs=0.05)


def test_many_groups_are_thinned() -> None:
    groups = bm.pooling("langPOST ~ IQ_verb + (1 | schoolNR)", bm.load_dataset("bdf"), method="reml").groups
    data = explorer_data(groups, pooling_path(groups), posterior=False)
    assert len(data["levels"]) == MOST_GROUPS < data["nLevels"]
    assert np.shape(data["values"]) == (STEPS + 1, MOST_GROUPS, 1)


def test_the_page_loads_nothing(sleep: bm.Pooling, tmp_path: Path) -> None:
    page = Path(sleep.explorer(tmp_path / "page.html")).read_text(encoding="utf-8")
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"<(script|img|link)[^>]*(src|href)=\"(?!data:)", page)


def test_a_place_that_cannot_be_written(sleep: bm.Pooling, tmp_path: Path) -> None:
    with pytest.raises(bm.FileError, match="cannot be written"):
        sleep.explorer(tmp_path / "missing" / "page.html")


def test_the_last_step_does_not_jump() -> None:
    """Correlated effects beside a predictor of groups: the end is the limit of the way."""
    frame = bm.load_dataset("sleepstudy")
    codes = np.unique(frame["Subject"], return_inverse=True)[1]
    frame["w"] = np.random.default_rng(5).normal(size=18)[codes]
    groups = bm.pooling("Reaction ~ Days + w + (Days | Subject)", frame, method="reml").groups
    path = pooling_path(groups)
    names = groups.columns.names
    far = coefficients_of(pooled_by(groups.estimate, 0, 1e3), 0, names)
    assert path.coefficients[-1] == pytest.approx(far, rel=1e-4)
    plain = regress(groups.design, groups.block, groups.varying).coefficients
    assert np.abs(plain - far).max() > 1.0


def test_the_curve_is_the_restricted_likelihood_at_one_residual_sd() -> None:
    groups = bm.pooling("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), method="reml").groups
    path, sigma = pooling_path(groups), groups.estimate.optimum.sigma
    y, ones = groups.design.response.values, np.ones((30, 1))
    log = []
    for sd in path.sd[:-1, 0]:
        V = sigma**2 * np.eye(30) + sd**2 * (groups.block.codes[:, None] == groups.block.codes)
        weighted = np.linalg.solve(V, ones)
        rest = y - (weighted[:, 0] @ y) / weighted.sum()
        log.append(
            -0.5 * (np.linalg.slogdet(V)[1] + np.log(weighted.sum()) + rest @ np.linalg.solve(V, rest))
        )
    assert path.density[:-1, 0] == pytest.approx(np.exp(np.array(log) - max(log)), rel=1e-6)


def test_lines_of_interactions_and_curves_in_a_browser(tmp_path: Path) -> None:
    frame = bm.load_dataset("sleepstudy")
    frame["arm"] = np.where(frame["Subject"].isin(frame["Subject"].unique()[::2]), "drug", "placebo")
    pooling = bm.pooling("Reaction ~ poly(Days, 2) * arm + (1 | Subject)", frame, method="reml")
    data = explorer_data(pooling.groups, pooling_path(pooling.groups), posterior=False)
    fitted = pooling.fit.fitted()["value"].to_numpy().reshape(18, 10)
    lines = np.array(data["lines"][STEPS // 2])
    assert lines[:, [0, -1]] == pytest.approx(fitted[:, [0, -1]], rel=1e-6)
    assert (data["predictor"], len(data["at"][0]), data["ticks"]) == ("Days", 25, [])
    assert in_browser(Path(pooling.explorer(tmp_path / "page.html")))["dots"] == 18
