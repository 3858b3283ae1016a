"""One self-contained HTML page about a REML or ML estimate."""

from __future__ import annotations

from html import escape

from bayesmixed.report.contract import LikelihoodFit
from bayesmixed.report.markup import list_html, table_html
from bayesmixed.report.sections import (
    CAPTIONS,
    data_figures,
    document,
    estimate_figures,
    random_effects,
    summary_sections,
)
from bayesmixed.report.tables import estimate_tables
from bayesmixed.tables.reml_summary import reml_summary_parts

STATEMENT = (
    "Values are estimates, se is the standard error, intervals have the confidence level {prob:g}: those of "
    "coefficients by Satterthwaite's degrees of freedom, those of variances by their profiles."
)


def estimate_report_html(fit: LikelihoodFit, *, title: str | None = None, prob: float = 0.95) -> str:
    """Page that tells what was estimated, how, and what came out.

    ``fit.report(path)`` writes it to a file.

    Parameters
    ----------
    fit : LikelihoodFit
        A REML or ML fit.
    title : str, optional
        Heading of the page; the formula when none is given.
    prob : float
        Confidence level of the intervals.

    Returns
    -------
    str
        The whole page, with its tables, and its figures as inline SVG.

    Raises
    ------
    BayesmixedError
        When `prob` is not between 0 and 1.
    """
    tables = estimate_tables(fit, prob=prob)
    said = reml_summary_parts(fit.estimate, fit.point, fit.spec)
    sections = [
        f"<p>{escape(said.observations)}</p>",
        *(f'<p class="problem">{escape(note)}</p>' for note in said.notes),
        *summary_sections(tables),
        table_html(tables["glance"], CAPTIONS["glance"]),
        *estimate_figures(tables),
        *data_figures(fit.point, fit.spec),
        *random_effects(tables["ranef"]),
        list_html({"Method": said.title, **dict(said.model)}, "How it was estimated"),
    ]
    return document(title, fit.spec.design.formula.text, sections, STATEMENT.format(prob=prob))
