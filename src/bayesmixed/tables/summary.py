"""The printed summary of a fit, in lme4's layout."""

from __future__ import annotations

import html
from collections.abc import Sequence

import pandas as pd
import xarray as xr

from bayesmixed.engines.records import RunInfo
from bayesmixed.model.spec import ModelSpec
from bayesmixed.printing.table import html_fragment, html_table, text_table
from bayesmixed.tables.summary_parts import SummaryParts, summary_parts

NO_FIXED = "No fixed effects."


def summary_text(
    draws: xr.DataTree,
    spec: ModelSpec,
    run: RunInfo,
    diagnostics: pd.DataFrame,
    *,
    prob: float = 0.95,
    problems: Sequence[str] = (),
) -> str:
    """Print a fit in the layout of lme4's summary, with what is not good in the draws last."""
    return text_layout(summary_parts(draws, spec, run, diagnostics, prob=prob, problems=problems))


def text_layout(parts: SummaryParts) -> str:
    """Lay out a summary as text."""
    width = max(len(label) for label, _ in parts.model)
    model = "\n".join(f"{label:>{width}}: {text}" for label, text in parts.model)
    return "\n".join(
        [
            parts.title,
            model,
            *([f"\nScaled residuals:\n{text_table(parts.residuals)}"] if parts.residuals else []),
            f"\nRandom effects:\n{text_table(parts.random, indent=' ')}",
            parts.observations,
            f"\nFixed effects:\n{text_table(parts.fixed)}" if parts.fixed else f"\n{NO_FIXED}",
            "",
            *parts.notes,
        ]
    )


def summary_html(
    draws: xr.DataTree,
    spec: ModelSpec,
    run: RunInfo,
    diagnostics: pd.DataFrame,
    *,
    prob: float = 0.95,
    problems: Sequence[str] = (),
) -> str:
    """Print a fit as HTML for a notebook, with the content of :func:`summary_text`."""
    return html_layout(summary_parts(draws, spec, run, diagnostics, prob=prob, problems=problems))


def html_layout(parts: SummaryParts) -> str:
    """Lay out a summary as HTML."""
    return html_fragment(
        [
            f"<p><strong>{html.escape(parts.title)}</strong></p>",
            *(f"<p>{html.escape(label)}: {html.escape(text)}</p>" for label, text in parts.model),
            *([html_table(parts.residuals, "Scaled residuals")] if parts.residuals else []),
            html_table(parts.random, "Random effects"),
            f"<p>{html.escape(parts.observations)}</p>",
            html_table(parts.fixed, "Fixed effects") if parts.fixed else f"<p>{NO_FIXED}</p>",
            *(f"<p>{html.escape(note)}</p>" for note in parts.notes),
        ]
    )
