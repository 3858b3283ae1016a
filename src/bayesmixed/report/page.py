"""One self-contained HTML page about a posterior, or about a REML or ML estimate."""

from __future__ import annotations

from html import escape

import pandas as pd

from bayesmixed.engines.records import RunInfo
from bayesmixed.errors import EngineError
from bayesmixed.report.sections import (
    CAPTIONS,
    SHOWN,
    data_figures,
    data_line,
    document,
    estimate_figures,
    figure_html,
    list_html,
    random_effects,
    summary_sections,
    table_html,
    trace_svg,
)
from bayesmixed.report.tables import estimate_tables, result_tables
from bayesmixed.tables.fit_rows import interval_rule
from bayesmixed.tables.regression import models_table
from bayesmixed.tables.summary_parts import diagnostics_text, family_lines, parameter_notes
from bayesmixed.verbs.contract import EstimateFit, PosteriorFit

BESIDE_REML = "Posterior beside REML"
STATEMENT = (
    "Values are posterior medians, intervals are equal-tailed with probability {prob:g}, se is the posterior "
    "standard deviation."
)


def report_html(fit: PosteriorFit, *, title: str | None = None, prob: float = 0.95) -> str:
    """Make the page of a posterior: what was fitted, how, and what came out, figures as inline SVG."""
    tables = result_tables(fit, prob=prob)
    sections = [
        f"<p>{escape(data_line(fit.spec.design))}</p>",
        *_family(fit, prob),
        _verdict(fit),
        *summary_sections(tables),
        _beside_reml(fit, prob),
        *estimate_figures(tables),
        *data_figures(fit.draws, fit.spec),
        *(random_effects(tables["ranef"]) if "ranef" in tables else ()),
        table_html(tables["priors"], CAPTIONS["priors"]),
        list_html(run_facts(fit.run), "How it was run"),
        _convergence(tables["diagnostics"]),
        _trace(fit),
    ]
    return document(title, fit.spec.design.formula.text, sections, STATEMENT.format(prob=prob))


def run_facts(run: RunInfo) -> dict[str, str]:
    """How the posterior was obtained, named."""
    thinned = f", every {run.thin}th kept" if run.thin > 1 else ""
    return {
        "Engine": run.engine,
        "Plan": " ".join(run.plan),
        "Draws": f"{run.chains} chains of {run.draws} after {run.tune} of tuning{thinned}",
        "Seed": str(run.seed),
        "Time": f"{run.seconds:.1f} s",
        "Versions": ", ".join(f"{name} {number}" for name, number in run.versions.items()),
    }


def _family(fit: PosteriorFit, prob: float) -> list[str]:
    """Family of a generalized model, with its parameters."""
    told = [f"{label}: {text}" for label, text in family_lines(fit.spec)]
    return [f"<p>{escape(line)}</p>" for line in (*told, *parameter_notes(fit.draws, fit.spec, prob))]


def _verdict(fit: PosteriorFit) -> str:
    """What the diagnostics say, the problems first."""
    problems = "".join(f'<p class="problem">{escape(problem)}</p>' for problem in fit.diagnosis.problems())
    return f"{problems}<p>{escape(diagnostics_text(fit.diagnostics()))}</p>"


def _beside_reml(fit: PosteriorFit, prob: float) -> str:
    """Posterior and REML estimate side by side, or why there is no REML estimate of a gaussian model."""
    if not fit.spec.family.is_gaussian:
        return ""
    try:
        fits = {"Posterior": fit, "REML" if fit.spec.design.blocks else "Least squares": fit.reml()}
    except EngineError as error:
        return list_html({"Not available": str(error)}, BESIDE_REML)
    return table_html(models_table(fits, beneath="interval", prob=prob), " beside ".join(fits))


def _trace(fit: PosteriorFit) -> str:
    """Traces of the chains with their caption."""
    caption = "Traces: the chains should look alike and go nowhere."
    return figure_html(trace_svg(fit.draws, fit.spec.design), caption)


def _convergence(diagnostics: pd.DataFrame) -> str:
    """Diagnostics cut to their first rows, with a note that says so."""
    cut = len(diagnostics) > SHOWN
    note = f"The first {SHOWN} of {len(diagnostics)} rows; fit.diagnostics() gives all." if cut else ""
    return table_html(diagnostics.head(SHOWN), CAPTIONS["diagnostics"], note=note)


ESTIMATE_STATEMENT = (
    "Values are estimates, se is the standard error, intervals have the confidence level {prob:g}: those of "
    "coefficients by {rule}, those of variances by {other}."
)


def estimate_report_html(fit: EstimateFit, *, title: str | None = None, prob: float = 0.95) -> str:
    """Make the page of an estimate: what was estimated, how, and what came out, figures as inline SVG."""
    tables = estimate_tables(fit, prob=prob)
    said = fit._parts
    sections = [
        f"<p>{escape(said.observations)}</p>",
        *(f'<p class="problem">{escape(note)}</p>' for note in said.notes),
        *summary_sections(tables),
        table_html(tables["glance"], CAPTIONS["glance"]),
        *estimate_figures(tables),
        *data_figures(fit.point, fit.spec),
        *(random_effects(tables["ranef"]) if "ranef" in tables else ()),
        list_html({"Method": said.title, **dict(said.model)}, "How it was estimated"),
    ]
    grouped = bool(fit.spec.design.blocks)
    rule = "Satterthwaite's degrees of freedom" if grouped else interval_rule(fit)
    other = "their profiles" if grouped else "the chi-squared distribution"
    statement = ESTIMATE_STATEMENT.format(prob=prob, rule=rule, other=other)
    return document(title, fit.spec.design.formula.text, sections, statement)
