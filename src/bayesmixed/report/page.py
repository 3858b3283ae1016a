"""One self-contained HTML page about a fit."""

from __future__ import annotations

from html import escape
from importlib.metadata import version

import pandas as pd

from bayesmixed.design.records import Design, FloatArray
from bayesmixed.engines.records import RunInfo
from bayesmixed.errors import EngineError
from bayesmixed.extract.fitted import posterior_mean_fitted
from bayesmixed.extract.resid import resid
from bayesmixed.families.moments import has_mean
from bayesmixed.options import ResidualKind
from bayesmixed.plots.residuals import RESIDUAL_NAMES, shown_kind
from bayesmixed.report.contract import ReportedFit
from bayesmixed.report.data_figures import PANELS, group_lines_svg, slope_variable
from bayesmixed.report.figures import (
    caterpillar_svg,
    coefficient_svg,
    observed_svg,
    quantile_svg,
    residual_svg,
    trace_svg,
)
from bayesmixed.report.markup import figure_html, list_html, table_html
from bayesmixed.report.tables import result_tables
from bayesmixed.tables.regression import models_table
from bayesmixed.tables.summary_parts import diagnostics_text, family_lines, parameter_notes

SHOWN = 50
BESIDE_REML = "Posterior beside REML"
SUMMARIES = ("fixef", "varcorr", "correlations", "icc", "r2")
CAPTIONS = {
    "fixef": "Fixed effects",
    "varcorr": "Random effects: variances",
    "correlations": "Random effects: correlations",
    "icc": "Intraclass correlation",
    "r2": "Explained variance",
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


def report_html(fit: ReportedFit, *, title: str | None = None, prob: float = 0.95) -> str:
    """Page that tells what was fitted, how, and what came out.

    Write it to a file and open it in a browser: it needs no network and no script, prints well, and follows
    the reader's choice of light or dark.

    Parameters
    ----------
    fit : ReportedFit
        A fitted model.
    title : str, optional
        Heading of the page; the formula when none is given.
    prob : float
        Probability inside the intervals.

    Returns
    -------
    str
        The whole page, with its tables, and its figures as inline SVG.

    Raises
    ------
    BayesmixedError
        When `prob` is not between 0 and 1.
    """
    tables = result_tables(fit, prob=prob)
    formula = fit.spec.design.formula.text
    heading = formula if title is None else title
    parts = [
        "" if title is None else f"<p><code>{escape(formula)}</code></p>",
        f"<p>{escape(data_line(fit.spec.design))}</p>",
        *_family(fit, prob),
        _verdict(fit),
        *(table_html(tables[name], CAPTIONS[name]) for name in SUMMARIES if name in tables),
        _beside_reml(fit, prob),
        *_figures(tables),
        *_data_figures(fit),
        *_random_effects(tables["ranef"]),
        table_html(tables["priors"], CAPTIONS["priors"]),
        list_html(run_facts(fit.run), "How it was run"),
        _convergence(tables["diagnostics"]),
        _trace(fit),
    ]
    return _document(heading, "\n".join(parts), prob)


def data_line(design: Design) -> str:
    """Size of the data, as lme4's summary tells it.

    Parameters
    ----------
    design : Design
        The design that was fitted.

    Returns
    -------
    str
        E.g. ``"Number of obs: 180, groups: Subject, 18"``, with the rows dropped when there are any.
    """
    groups = "; ".join(f"{block.group}, {block.n_levels}" for block in design.blocks)
    dropped = f" ({design.n_dropped} rows with missing values left out)" if design.n_dropped else ""
    return f"Number of obs: {design.n_rows}, groups: {groups}{dropped}"


def run_facts(run: RunInfo) -> dict[str, str]:
    """How the posterior was obtained, named.

    Parameters
    ----------
    run : RunInfo
        What the engine reported.

    Returns
    -------
    dict[str, str]
        Name to fact, for people.
    """
    thinned = f", every {run.thin}th kept" if run.thin > 1 else ""
    return {
        "Engine": run.engine,
        "Plan": " ".join(run.plan),
        "Draws": f"{run.chains} chains of {run.draws} after {run.tune} of tuning{thinned}",
        "Seed": str(run.seed),
        "Time": f"{run.seconds:.1f} s",
        "Versions": ", ".join(f"{name} {number}" for name, number in run.versions.items()),
    }


def _family(fit: ReportedFit, prob: float) -> list[str]:
    """Family of a generalized model, with its parameters."""
    told = [f"{label}: {text}" for label, text in family_lines(fit.spec)]
    return [f"<p>{escape(line)}</p>" for line in (*told, *parameter_notes(fit.draws, fit.spec, prob))]


def _verdict(fit: ReportedFit) -> str:
    """What the diagnostics say, the problems first."""
    problems = "".join(f'<p class="problem">{escape(problem)}</p>' for problem in fit.diagnosis.problems())
    return f"{problems}<p>{escape(diagnostics_text(fit.diagnostics()))}</p>"


def _beside_reml(fit: ReportedFit, prob: float) -> str:
    """Posterior and REML estimate side by side, or why there is no REML estimate of a gaussian model."""
    if not fit.spec.family.is_gaussian:
        return ""
    try:
        fits = {"Posterior": fit, "REML": fit.reml()}
    except EngineError as error:
        return list_html({"Not available": str(error)}, BESIDE_REML)
    return table_html(models_table(fits, beneath="interval", prob=prob), BESIDE_REML)


def _figures(tables: dict[str, pd.DataFrame]) -> list[str]:
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


def _data_figures(fit: ReportedFit) -> list[str]:
    """Figures of the data beside the fit, each with its caption; none of a family without a mean."""
    if not has_mean(fit.spec.family):
        return []
    design = fit.spec.design
    fitted = posterior_mean_fitted(fit.draws, fit.spec)
    scatter, quantiles = (_residuals(fit, kind) for kind in ("response", "standardized"))
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
    return [
        "<h2>Data and fit</h2>",
        lines,
        figure_html(observed_svg(design, fitted, PANELS), observed),
        f'<div class="pair">{pair}</div>',
    ]


def _residuals(fit: ReportedFit, gaussian: ResidualKind) -> tuple[FloatArray, str]:
    """Residuals with their name, of the kind that the plots show of the family."""
    kind = shown_kind(fit.spec.family, gaussian)
    return resid(fit.draws, fit.spec, kind=kind)["value"].to_numpy(), RESIDUAL_NAMES[kind]


def _trace(fit: ReportedFit) -> str:
    """Traces of the chains with their caption."""
    caption = "Traces: the chains should look alike and go nowhere."
    return figure_html(trace_svg(fit.draws, fit.spec.design), caption)


def _random_effects(ranef: pd.DataFrame) -> list[str]:
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


def _convergence(diagnostics: pd.DataFrame) -> str:
    """Diagnostics cut to their first rows, with a note that says so."""
    cut = len(diagnostics) > SHOWN
    note = f"The first {SHOWN} of {len(diagnostics)} rows; fit.diagnostics() gives all." if cut else ""
    return table_html(diagnostics.head(SHOWN), CAPTIONS["diagnostics"], note=note)


def _document(heading: str, body: str, prob: float) -> str:
    """HTML document around a body, its heading escaped here."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(heading)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(heading)}</h1>\n{body}\n</main>\n"
        f"<footer><p>bayesmixed {escape(version('bayesmixed'))}. Values are posterior medians, intervals are "
        f"equal-tailed with probability {prob:g}, se is the posterior standard deviation.</p></footer>\n"
        "</body>\n</html>\n"
    )
