"""Sections that the pages about fits share, with their figures and tables."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from html import escape
from importlib.metadata import version
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import plots
from bayesmixed.design.held import held_design
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import ResidualKind
from bayesmixed.plots.residuals import RESIDUAL_NAMES, shown_kind
from bayesmixed.plots.style import PALETTE, ink, panel_axes, plain, tidy_axes
from bayesmixed.posterior.archive import write_whole
from bayesmixed.tables.printed import PrintedTable, frame_table
from bayesmixed.tables.summary_columns import observations_text
from bayesmixed.verbs.drawn import posterior_mean_fitted
from bayesmixed.verbs.quantities import quantities
from bayesmixed.verbs.resid import resid
from bayesmixed.verbs.sources import Posterior

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SHOWN = 50
SUMMARIES = ("fixef", "varcorr", "correlations", "smooths", "icc", "r2")
CAPTIONS = {
    "fixef": "Fixed effects",
    "varcorr": "Random effects: variances",
    "correlations": "Random effects: correlations",
    "smooths": "Smooths",
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
    dropped = f" ({design.n_dropped} rows with missing values left out)" if design.n_dropped else ""
    return f"{observations_text(design)}{dropped}"


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
            for group, rows in (
                tables["ranef"].groupby("group_var", sort=False, observed=True) if "ranef" in tables else ()
            )
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
    by_level = [block for block in design.groups if block.meeting.is_one][:1]
    pictures = {
        "Residuals against fitted values, with neighbours' means.": residual_svg(fitted, *scatter),
        "Quantiles of the residuals; normal ones would lie in the band.": quantile_svg(*quantiles),
    }
    pair = "\n".join(figure_html(svg, caption, wide=False) for caption, svg in pictures.items())
    sampled = f"{design.n_held:,} of {design.n_rows:,} rows, drawn at random."
    return [
        "<h2>Data and fit</h2>",
        "" if design is spec.design else f'<p class="note">{sampled}</p>',
        *(figure for block in by_level for figure in _figures_of_levels(design, block, fitted)),
        f'<div class="pair">{pair}</div>',
    ]


def _figures_of_levels(design: Design, block: GroupBlock, fitted: FloatArray) -> list[str]:
    """Figures with a panel for each of some levels of a grouping factor."""
    variable = slope_variable(design, block)
    shown = f"the first {PANELS} levels" if block.n_levels > PANELS else "the levels"
    lines = (
        ""
        if variable is None
        else figure_html(
            group_lines_svg(design, block, fitted, variable),
            f"Data and fitted values of {shown} of {block.group}.",
        )
    )
    observed = f"Observed against fitted values by {block.group}, from best to worst; on the line both agree."
    return [lines, figure_html(observed_svg(design, block, fitted, PANELS), observed)]


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


def table_html(table: pd.DataFrame | PrintedTable, caption: str, *, note: str = "") -> str:
    """Table as HTML in a frame that scrolls on a narrow screen."""
    printed = frame_table(table) if isinstance(table, pd.DataFrame) else table
    cells = replace(printed, notes=()).to_html()
    notes = (note,) if note else printed.notes
    below = "".join(f'<p class="note">{escape(sentence)}</p>' for sentence in notes)
    return f'<section><h2>{escape(caption)}</h2>\n<div class="scroll">{cells}</div>{below}</section>'


def list_html(items: dict[str, str], caption: str) -> str:
    """Named facts as HTML."""
    entries = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in items.items())
    return f"<section><h2>{escape(caption)}</h2>\n<dl>\n{entries}\n</dl></section>"


def figure_html(svg: str, caption: str, *, wide: bool = True) -> str:
    """Figure with its caption as HTML."""
    kind = "scroll wide" if wide else "scroll"
    picture = f'<div class="{kind}">{svg}</div>'
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def write_page(path: str | os.PathLike[str], page: str) -> str:
    """Write a page to a file, whole or not at all; the path, or FileError."""
    write_whole(path, lambda file: file.write(page.encode()))
    return os.fspath(path)


INK = "#010203"  # replaced by currentColor, so that the page decides
PAPER = "#ffffff00"  # what stands back is mixed with it, and readable on dark pages too
WIDTH, HALF_WIDTH, HALF_HEIGHT = 7.0, 3.9, 3.2
TRACED_COEFFICIENTS = 12


def coefficient_svg(fixef: pd.DataFrame) -> str:
    """Coefficients with their intervals, the intercept left out when there are others."""
    return svg_of(lambda: plots.coefficients({"": fixef}), "Coefficients with intervals", width=WIDTH)


def caterpillar_svg(ranef: pd.DataFrame) -> str:
    """Random effects of one grouping factor, sorted, one panel for each effect."""
    label = f"Random effects of {ranef['group_var'].iloc[0]}"
    return svg_of(lambda: plots.caterpillar(ranef), label, width=WIDTH)


def residual_svg(fitted: FloatArray, residuals: FloatArray, ylabel: str = "residual") -> str:
    """Residuals against fitted values. Shapes: `fitted, residuals` (n,)."""
    from bayesmixed.plots.residuals import residual_scatter

    label = "Residuals against fitted values"
    return svg_of(
        lambda: residual_scatter(fitted, residuals, ylabel=ylabel),
        label,
        width=HALF_WIDTH,
        height=HALF_HEIGHT,
    )


def quantile_svg(residuals: FloatArray, ylabel: str = "residual") -> str:
    """Sorted residuals against normal quantiles, with the envelope in which normal residuals would lie.

    Shapes: `residuals` (n,).
    """
    from bayesmixed.plots.quantiles import normal_quantiles

    label = "Quantiles of the residuals"
    return svg_of(
        lambda: normal_quantiles(residuals, ylabel=ylabel), label, width=HALF_WIDTH, height=HALF_HEIGHT
    )


def observed_svg(design: Design, block: GroupBlock, fitted: FloatArray, panels: int) -> str:
    """Observed against fitted values of some levels of a grouping factor, from best to worst fitted.

    Shapes: `fitted` (n,).
    """
    from bayesmixed.plots.residuals import observed_against_fitted

    return svg_of(
        lambda: observed_against_fitted(
            fitted,
            design.response.observed,
            block.codes,
            block.levels,
            name=design.response.name,
            max_panels=panels,
        ),
        "Observed against fitted values",
        width=WIDTH,
    )


def trace_svg(draws: xr.DataTree, design: Design) -> str:
    """Traces of the first coefficients, the standard deviations and the correlations."""
    from bayesmixed.plots.sampler import trace

    labels, n = list(quantities(draws, design)), len(design.fixed.terms)
    shown = [*labels[: min(n, TRACED_COEFFICIENTS)], *labels[n:]]
    return svg_of(lambda: trace(draws, design, parameters=shown), "Traces of the chains", width=WIDTH)


def svg_of(
    draw: Callable[[], Any], label: str, *, width: float | None = None, height: float | None = None
) -> str:
    """What a plot draws, as an ``<svg>`` element in the report's style."""
    import matplotlib.pyplot as plt

    with drawing():
        figure = np.ravel(draw())[0].figure
        own_width, own_height = figure.get_size_inches()
        figure.set_size_inches(width or own_width, height or own_height)
        try:
            return svg_text(figure, label)
        finally:
            plt.close(figure)


@contextmanager
def drawing() -> Iterator[None]:
    """Style of the report's figures: transparent, text as text, no formulas in labels."""
    import matplotlib as mpl

    ink = ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color")
    paper = ("savefig.facecolor", "axes.facecolor", "figure.facecolor")
    style: dict[Any, Any] = dict.fromkeys(ink, INK) | dict.fromkeys(paper, PAPER)
    style |= {
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.fonttype": "none",
        "text.parse_math": False,
        "axes.unicode_minus": True,
    }
    with mpl.rc_context(style), warnings.catch_warnings():
        # the browser sets the text, in any script
        warnings.filterwarnings("ignore", message=".*Glyph .* missing from")
        yield


def svg_text(figure: Figure, label: str) -> str:
    """Figure as an ``<svg>`` element that says what it is and takes the page's ink."""
    import matplotlib as mpl

    buffer = StringIO()
    with mpl.rc_context({"svg.hashsalt": label}):
        figure.savefig(buffer, format="svg", dpi=150, metadata={"Date": None})
    text = buffer.getvalue()
    element = text[text.index("<svg") :].replace(INK, "currentColor")
    return element.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1)


PANELS = 12
COLUMNS = 4
VECTOR_POINTS = 2000


def slope_variable(design: Design, block: GroupBlock) -> str | None:
    """Column over which the groups' lines are drawn."""
    frame = design.frame
    wanted = (*block.effects, *design.fixed.terms)
    return next((name for name in wanted if name in frame and _is_number(frame[name])), None)


def group_lines_svg(design: Design, block: GroupBlock, fitted: FloatArray, variable: str) -> str:
    """Data of the first levels of a grouping factor with their fitted values.

    Shapes: `fitted` (n,).
    """
    label = f"Data and fitted values of {block.group}"
    return svg_of(lambda: _group_lines(design, block, fitted, variable), label, width=WIDTH)


def _group_lines(design: Design, block: GroupBlock, fitted: FloatArray, variable: str) -> NDArray[Any]:
    """A panel for each of the first levels."""
    x = design.frame[variable].to_numpy(dtype=float)
    axes = panel_axes(None, min(block.n_levels, PANELS), columns=COLUMNS, width=1.8, height=1.5)
    for level, ax in enumerate(axes):
        rows = np.flatnonzero(block.codes == level)
        rows = rows[np.argsort(x[rows], kind="stable")]
        many = len(rows) > VECTOR_POINTS // PANELS
        ax.scatter(x[rows], design.response.observed[rows], s=6, color=ink(), linewidth=0, rasterized=many)
        ax.plot(x[rows], fitted[rows], color=PALETTE[0], linewidth=1.2, rasterized=many)
        tidy_axes(ax).set_title(plain(block.levels[level]), fontsize=8)
    axes[0].figure.supxlabel(variable, fontsize=9)
    axes[0].figure.supylabel(design.response.name, fontsize=9)
    return axes


def _is_number(values: pd.Series) -> bool:
    """Whether a column holds numbers other than truth values."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
