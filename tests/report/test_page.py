"""The page as a browser reads it: complete, self-contained, and safe against its own data."""

from __future__ import annotations

import re

import pytest

from bayesmixed.errors import BayesmixedError, EngineError
from bayesmixed.report import report_html
from bayesmixed.report.sections import data_line
from report.pages import read


@pytest.fixture(scope="module")
def page(hostile_fit) -> str:
    return report_html(hostile_fit)


def test_page_is_well_formed(page: str) -> None:
    assert page.startswith("<!DOCTYPE html>")
    assert read(page).open == []


def test_page_needs_no_network_and_no_script(page: str) -> None:
    reader = read(page)
    assert "script" not in reader.tags
    assert "link" not in reader.tags
    for name, value in reader.attributes:
        if name in {"src", "href", "xlink:href"}:
            assert value is not None
            assert value.startswith(("#", "data:"))
    assert "@import" not in page


def test_every_string_of_the_data_is_escaped_and_shown(page: str, hostile_fit) -> None:
    assert "<script" not in page
    text = " ".join(read(page).text)
    for level in hostile_fit.spec.design.blocks[0].levels:
        assert text.count(level) >= 3  # twice in the table, and in the figure


@pytest.mark.parametrize(
    "heading",
    [
        "Fixed effects",
        "Random effects: variances",
        "Random effects: correlations",
        "Intraclass correlation",
        "Explained variance",
        "Posterior beside REML",
        "Estimates in pictures",
        "Data and fit",
        "Random effects of g",
        "Priors",
        "How it was run",
        "Convergence",
    ],
)
def test_page_has_every_section(page: str, heading: str) -> None:
    assert f"<h2>{heading}</h2>" in page


def test_page_has_its_figures_with_words_for_who_cannot_see(page: str) -> None:
    labels = re.findall(r'<svg role="img" aria-label="([^"]+)"', page)
    assert labels == [
        "Coefficients with intervals",
        "Random effects of g",
        "Data and fitted values of g",
        "Observed against fitted values",
        "Residuals against fitted values",
        "Quantiles of the residuals",
        "Traces of the chains",
    ]


def test_ids_of_the_figures_do_not_collide(page: str) -> None:
    clips = re.findall(r'<clipPath id="([^"]+)"', page)
    assert clips
    assert len(set(clips)) == len(clips)


def test_figures_take_the_ink_of_the_page(page: str) -> None:
    assert "currentColor" in page
    assert "#010203" not in page
    assert not re.search(r"fill: #(000000|ffffff)", page)


def test_page_follows_light_and_dark_and_prints(page: str) -> None:
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert 'name="viewport"' in page


def test_numbers_are_those_of_the_tables(page: str, hostile_fit) -> None:
    value = hostile_fit.fixef()["value"].iloc[0]
    assert re.search(rf'<td class="number">{value:.1f}\d*</td>', page)


def test_how_it_was_run_is_told(page: str) -> None:
    text = " ".join(read(page).text)
    for fact in ("collapsed", "2 chains of 60 after 50 of tuning", "1.2 s", "pymc 6.4", "g is integrated"):
        assert fact in text


def test_data_line_counts_rows_levels_and_what_was_left_out(hostile_fit) -> None:
    expected = "Number of obs: 60, groups: g, 6 (3 rows with missing values left out)"
    assert data_line(hostile_fit.spec.design) == expected


def test_problems_of_the_draws_stand_above_the_tables(hostile_fit, page: str) -> None:
    problems = hostile_fit.diagnosis.problems()
    assert page.count('<p class="problem">') == len(problems) > 0
    assert page.index('<p class="problem">') < page.index("<table>")


def test_reml_estimates_stand_beside_the_posterior(hostile_fit, page: str) -> None:
    section = page[page.index("<h2>Posterior beside REML") :].partition("</section>")[0]
    assert f"{hostile_fit.reml().fixef()['value'].iloc[1]:.3f}" in section
    assert f"{hostile_fit.fixef()['value'].iloc[1]:.3f}" in section


def test_where_reml_cannot_be_had_the_page_says_why(hostile_fit) -> None:
    class WithoutReml(type(hostile_fit)):
        def reml(self):
            raise EngineError("Too many crossed effects.")

    fit = WithoutReml(spec=hostile_fit.spec, draws=hostile_fit.draws, run=hostile_fit.run)
    assert "<dd>Too many crossed effects.</dd>" in report_html(fit)


def test_title_is_the_formula_unless_given(hostile_fit, page: str) -> None:
    assert "<title>y ~ Days + (Days | g)</title>" in page
    assert "<title>A &amp; B</title>" in report_html(hostile_fit, title="A & B")


def test_intervals_follow_prob(hostile_fit) -> None:
    page = report_html(hostile_fit, prob=0.8)
    assert "80% interval" in page
    assert "with probability 0.8" in page
    assert "95% interval" not in page


def test_impossible_prob_is_refused(hostile_fit) -> None:
    with pytest.raises(BayesmixedError, match="prob"):
        report_html(hostile_fit, prob=1.5)


def test_large_fit_is_cut_and_says_so(large_fit) -> None:
    page = report_html(large_fit)
    assert "The first 50 of 700 levels; fit.ranef() gives all." in page
    assert "Random effects: correlations" not in page
    assert len(page) < 1_000_000
    assert "level 0" in page
    assert "level 400" not in page
    assert page.count("<td>level 49</td>") == 2  # both effects of the last level shown


def test_same_fit_gives_the_same_page(hostile_fit, page: str) -> None:
    assert report_html(hostile_fit) == page
