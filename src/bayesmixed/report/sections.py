"""Sections that the pages about fits share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from html import escape
from importlib.metadata import version

import pandas as pd
import xarray as xr

from bayesmixed.design.held import held_design
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import ResidualKind
from bayesmixed.plots.residuals import RESIDUAL_NAMES, shown_kind
from bayesmixed.report.data_figures import PANELS, group_lines_svg, slope_variable
from bayesmixed.report.figures import (
    caterpillar_svg,
    coefficient_svg,
    observed_svg,
    quantile_svg,
    residual_svg,
)
from bayesmixed.report.markup import figure_html, table_html
from bayesmixed.verbs.drawn import posterior_mean_fitted
from bayesmixed.verbs.resid import resid
from bayesmixed.verbs.sources import Posterior

SHOWN = 50
SUMMARIES = ("fixef", "varcorr", "correlations", "icc", "r2")
CAPTIONS = {
    "fixef": "Fixed effects",
    "varcorr": "Random effects: variances",
    "correlations": "Random effects: correlations",
    "icc": "Intraclass correlation",
    "r2": "Explained variance",
    "glance": "Criteria",
    "priors": "Priors",
    "diagnostics": "Convergence",
}
STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --paper: #ffffff; --rule: #d9dce1; --soft: #5d6570; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --paper: #15181c; --rule: #363c44; --soft: #9aa3ae; }
}
body { color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 56rem; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; border-bottom: 1px solid var(--rule); font-size: .9rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; white-space: nowrap; }
td { border-top: 1px solid var(--rule); }
td:first-child:empty, td:first-child:empty ~ td { border-top: 0; padding-top: 0; }
.number { text-align: right; }
tbody th { padding-top: .7rem; }
.problem { border-left: 3px solid #c0392b; padding-left: .75rem; }
.note, figcaption, footer, dt { color: var(--soft); font-size: .9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0; }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 2rem 0; break-inside: avoid; }
.pair { display: grid; gap: 0 1.5rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
.pair figure { margin: 1rem 0; }
svg { max-width: 100%; height: auto; }
.wide svg { width: 100%; min-width: 34rem; }
tr { break-inside: avoid; }
h2 { break-after: avoid; }
@media (max-width: 34rem) {
  table { font-size: .78rem; }
  th, td { padding-right: .5rem; }
  td:first-child { white-space: normal; min-width: 5rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  .scroll { overflow: visible; }
  .wide svg { min-width: 0; }
  table { font-size: 8.5pt; }
}
"""


def data_line(design: Design) -> str:
    """Size of the data, as lme4's summary tells it."""
    groups = "; ".join(f"{block.group}, {block.n_levels}" for block in design.blocks)
    dropped = f" ({design.n_dropped} rows with missing values left out)" if design.n_dropped else ""
    return f"Number of obs: {design.n_rows}, groups: {groups}{dropped}"


def summary_sections(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Tables of the coefficients, of the variances and of their shares, as far as the fit has them."""
    return [table_html(tables[name], CAPTIONS[name]) for name in SUMMARIES if name in tables]


def estimate_figures(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Figures of the estimates, each with its caption."""
    caption, fixef = "Coefficients with their intervals.", tables.get("fixef")
    return [
        "<h2>Estimates in pictures</h2>",
        "" if fixef is None else figure_html(coefficient_svg(fixef), caption),
        *(
            figure_html(caterpillar_svg(rows), f"Random effects of {group}, sorted by value.")
            for group, rows in tables["ranef"].groupby("group_var", sort=False, observed=True)
        ),
    ]


def data_figures(draws: xr.DataTree, spec: ModelSpec) -> list[str]:
    """Figures of the data beside the fit, each with its caption; none of a family without a mean."""
    if not spec.family.has_mean:
        return []
    design = held_design(spec.design)
    rows = replace(spec, design=design)
    fitted = posterior_mean_fitted(draws, rows)
    scatter, quantiles = (_residuals(draws, rows, kind) for kind in ("response", "standardized"))
    variable = slope_variable(design)
    block = design.blocks[0]
    shown = f"the first {PANELS} levels" if block.n_levels > PANELS else "the levels"
    lines = (
        ""
        if variable is None
        else figure_html(
            group_lines_svg(design, fitted, variable), f"Data and fitted values of {shown} of {block.group}."
        )
    )
    observed = f"Observed against fitted values by {block.group}, from best to worst; on the line both agree."
    pictures = {
        "Residuals against fitted values, with neighbours' means.": residual_svg(fitted, *scatter),
        "Quantiles of the residuals; normal ones would lie in the band.": quantile_svg(*quantiles),
    }
    pair = "\n".join(figure_html(svg, caption, wide=False) for caption, svg in pictures.items())
    sampled = f"{design.n_held:,} of {design.n_rows:,} rows, drawn at random."
    return [
        "<h2>Data and fit</h2>",
        "" if design is spec.design else f'<p class="note">{sampled}</p>',
        lines,
        figure_html(observed_svg(design, fitted, PANELS), observed),
        f'<div class="pair">{pair}</div>',
    ]


def _residuals(draws: xr.DataTree, spec: ModelSpec, gaussian: ResidualKind) -> tuple[FloatArray, str]:
    """Residuals with their name, of the kind that the plots show of the family."""
    kind = shown_kind(spec.family, gaussian)
    return resid(Posterior(draws, spec), kind=kind)["value"].to_numpy(), RESIDUAL_NAMES[kind]


def random_effects(ranef: pd.DataFrame) -> list[str]:
    """Random effects of the first levels, one table for each grouping factor."""
    return [
        _level_table(str(group), rows)
        for group, rows in ranef.groupby("group_var", sort=False, observed=True)
    ]


def _level_table(group: str, rows: pd.DataFrame) -> str:
    """Random effects of one grouping factor, cut to its first levels, with a note that says so."""
    levels = rows["group"].unique()
    shown = rows[rows["group"].isin(levels[:SHOWN])].drop(columns="group_var")
    note = f"The first {SHOWN} of {len(levels)} levels; fit.ranef() gives all." if len(levels) > SHOWN else ""
    return table_html(shown, f"Random effects of {group}", note=note)


def document(heading: str | None, formula: str, sections: Iterable[str], statement: str) -> str:
    """HTML document around the sections of a page."""
    title = escape(formula if heading is None else heading)
    below = "" if heading is None else f"<p><code>{escape(formula)}</code></p>"
    body = "\n".join((below, *sections))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title}</h1>\n{body}\n</main>\n"
        f"<footer><p>bayesmixed {escape(version('bayesmixed'))}. {escape(statement)}</p></footer>\n"
        "</body>\n</html>\n"
    )
