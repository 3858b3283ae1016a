"""What the printed summary of a fit says, and its layout, lme4's."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import Design
from bayesmixed.engines.records import RunInfo
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.diagnostics import TARGET_ACCEPT
from bayesmixed.printing.table import Column, clean, format_fixed, html_fragment, html_table, text_table
from bayesmixed.tables.summary_columns import (
    count,
    data_text,
    decimals_for,
    estimates,
    left,
    left_out_text,
    observations_text,
    random_columns,
    residual_columns,
)
from bayesmixed.verbs.fixef import fixef
from bayesmixed.verbs.resid import scaled_residuals
from bayesmixed.verbs.sources import Posterior, Source
from bayesmixed.verbs.summaries import bound_names, draw_matrix, summarize
from bayesmixed.verbs.varcorr import varcorr

NO_FIXED = "No fixed effects."
ENGINE_TITLES = {
    "collapsed": "exact-marginal NUTS",
    "joint": "NUTS of the joint density",
    "pymc": "NUTS of the PyMC graph",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryParts:
    """Everything a printed summary says, formatted, without layout.

    Attributes
    ----------
    title : str
        First line.
    model : tuple[tuple[str, str], ...]
        Labels and texts of the lines on formula, data and draws.
    residuals, random, fixed : tuple[Column, ...]
        The three tables.
    observations : str
        The line below the random effects.
    others : tuple[tuple[str, tuple[Column, ...]], ...]
        Title and table of the coefficients of every predictor beside the mean's.
    notes : tuple[str, ...]
        Sentences below the tables.
    has_groups : bool
        Whether there are random effects; the table in their place has the residual alone, or no row.
    """

    title: str
    model: tuple[tuple[str, str], ...]
    residuals: tuple[Column, ...]
    random: tuple[Column, ...]
    observations: str
    fixed: tuple[Column, ...]
    notes: tuple[str, ...]
    others: tuple[tuple[str, tuple[Column, ...]], ...] = ()
    has_groups: bool = True

    @property
    def _random(self) -> str:
        """What the table of standard deviations is called."""
        return "Random effects" if self.has_groups else "Residual"

    def text(self) -> str:
        """Summary as text: several lines, without a final line break."""
        width = max(len(label) for label, _ in self.model)
        model = "\n".join(f"{label:>{width}}: {text}" for label, text in self.model)
        return "\n".join(
            [
                self.title,
                model,
                *([f"\nScaled residuals:\n{text_table(self.residuals)}"] if self.residuals else []),
                *([f"\n{self._random}:\n{text_table(self.random, indent=' ')}"] if self.random else [""]),
                self.observations,
                f"\nFixed effects:\n{text_table(self.fixed)}" if self.fixed else f"\n{NO_FIXED}",
                *(f"\n{title}:\n{text_table(columns)}" for title, columns in self.others),
                "",
                *self.notes,
            ]
        )

    def html(self) -> str:
        """Summary as HTML for a notebook."""
        return html_fragment(
            [
                f"<p><strong>{html.escape(self.title)}</strong></p>",
                *(f"<p>{html.escape(label)}: {html.escape(text)}</p>" for label, text in self.model),
                *([html_table(self.residuals, "Scaled residuals")] if self.residuals else []),
                *([html_table(self.random, self._random)] if self.random else []),
                f"<p>{html.escape(self.observations)}</p>",
                html_table(self.fixed, "Fixed effects") if self.fixed else f"<p>{NO_FIXED}</p>",
                *(html_table(columns, title) for title, columns in self.others),
                *(f"<p>{html.escape(note)}</p>" for note in self.notes),
            ]
        )


def summary_parts(
    draws: xr.DataTree,
    spec: ModelSpec,
    run: RunInfo,
    diagnostics: pd.DataFrame,
    *,
    prob: float = 0.95,
    problems: Sequence[str] = (),
) -> SummaryParts:
    """Format everything that a printed summary says."""
    source = Posterior(draws, spec)
    return SummaryParts(
        title=f"{_kind(spec)} fit by {ENGINE_TITLES.get(run.engine, run.engine)} ['bayesmixed']",
        model=(
            *family_lines(spec),
            ("Formula", clean(spec.design.formula.text.strip())),
            ("Data", data_text(spec.design)),
            ("Draws", _run_text(run, draws.attrs.get(TARGET_ACCEPT))),
        ),
        residuals=residual_columns(scaled_residuals(draws, spec)) if _has_residuals(spec) else (),
        random=random_columns(
            spec.design,
            varcorr(source, prob=prob),
            varcorr(source, prob=prob, correlations=True),
            prob,
        ),
        observations=observations_text(spec.design),
        fixed=() if not spec.design.fixed.terms else _fixed_columns(source, diagnostics, prob),
        others=tuple(
            (f"Coefficients of log({name})", columns)
            for name, columns in _other_columns(source, diagnostics, prob).items()
        ),
        notes=(
            *parameter_notes(draws, spec, prob),
            *residual_notes(source, prob),
            *_notes(spec.design, prob),
            diagnostics_text(diagnostics),
            *problems,
        ),
        has_groups=bool(spec.design.blocks),
    )


def _has_residuals(spec: ModelSpec) -> bool:
    """Whether there are residuals: rows in memory, and a family with mean and variance."""
    return spec.design.sums is None and spec.family.has_mean


def _kind(spec: ModelSpec) -> str:
    """Name the kind of model."""
    mixed = "mixed " if spec.design.blocks else ""
    return f"Linear {mixed}model" if spec.family.is_gaussian else f"Generalized linear {mixed}model"


def family_lines(spec: ModelSpec) -> tuple[tuple[str, str], ...]:
    """Family with its link, and the modelled level of a response with two levels.

    Returns: one pair of label and text; none for a gaussian model.
    """
    if spec.family.is_gaussian:
        return ()
    levels = spec.design.response.levels
    modelled = "" if levels is None else f"; modelled level {levels[1]!r} (against {levels[0]!r})"
    return (("Family", clean(f"{spec.family}{modelled}")),)


def parameter_notes(draws: xr.DataTree, spec: ModelSpec, prob: float) -> tuple[str, ...]:
    """Sentence on the family's parameters that are not standard deviations.

    Returns: one sentence, or none where the family has no such parameter.
    """
    texts = []
    for name in spec.family.parameter_names:
        if name == names.SIGMA or name not in spec.priors.parameters:
            continue
        summary = summarize(draw_matrix(draws, name)[:, None], prob)
        value, low, high = (f"{end.item():.4g}" for end in (summary.value, summary.lower, summary.upper))
        texts.append(f"{name} {value} [{low}, {high}]")
    return (f"Parameters of the family: {'; '.join(texts)}.",) if texts else ()


def _run_text(run: RunInfo, target_accept: float | None) -> str:
    """Say how the draws were made."""
    kept = f", thinned by {run.thin}" if run.thin > 1 else ""
    chains = f"{count(run.chains, 'chain')} of {count(run.draws, 'draw')}{kept}"
    steps = "" if target_accept is None else f" in finer steps (acceptance rate {target_accept:g})"
    return f"{chains}, after {run.tune:,} of tuning{steps}; {run.seconds:.1f} s, seed {run.seed}"


def _fixed_columns(source: Posterior, diagnostics: pd.DataFrame, prob: float) -> tuple[Column, ...]:
    """Lay out the fixed effects with their diagnostics."""
    table = fixef(source, prob=prob)
    if names.PARAMETER in table:
        table = table[table[names.PARAMETER] == names.MU]
    return _coefficient_columns(table, names.MU, diagnostics, prob)


def _other_columns(
    source: Posterior, diagnostics: pd.DataFrame, prob: float
) -> dict[str, tuple[Column, ...]]:
    """Lay out the coefficients of the predictors of parameters beside the mean."""
    others = [each.parameter for each in source.spec.design.others if each.fixed.terms]
    table = fixef(source, prob=prob) if others else pd.DataFrame()
    return {
        name: _coefficient_columns(table[table[names.PARAMETER] == name], name, diagnostics, prob)
        for name in others
    }


def residual_notes(source: Source, prob: float | None) -> tuple[str, ...]:
    """Sentences on the correlations of residuals, and on known errors."""
    design = source.spec.design
    notes = []
    if not design.residual.is_independent:
        pairs = varcorr(source, prob=prob or 0.95, correlations=True)
        notes.append(_serial_note(design, pairs[pairs["group"] == names.RESIDUAL], prob))
    errors = design.formula.response.additions.errors
    if errors is not None:
        beside = "" if design.residual.has_sigma else ", and nothing beside them"
        notes.append(f"Residuals have the known standard errors {clean(errors.text)}{beside}.")
    return tuple(notes)


def _serial_note(design: Design, pairs: pd.DataFrame, prob: float | None) -> str:
    """Sentence on the correlations of residuals."""
    texts = []
    for row in pairs.to_dict("records"):
        ends = "" if prob is None else " [{:.3f}, {:.3f}]".format(*(row[each] for each in bound_names(prob)))
        texts.append(
            f"{clean('/'.join(filter(None, (row['effect_1'], row['effect_2']))))} {row['value']:.3f}{ends}"
        )
    term = design.formula.residual
    return f"Correlation of residuals, {clean(term.source if term else '')}: {'; '.join(texts)}."


def _coefficient_columns(
    table: pd.DataFrame, parameter: str, diagnostics: pd.DataFrame, prob: float
) -> tuple[Column, ...]:
    """Lay out coefficients with their diagnostics."""
    lower, upper = bound_names(prob)
    headers = {"value": "Estimate", "se": "Est.Error", lower: lower, upper: upper}
    checks = diagnostics.reindex([names.beta_of(term, parameter) for term in table["term"]])
    decimals = decimals_for(table["se"].to_numpy(), digits=4)
    return (
        left("", [clean(term) for term in table["term"]]),
        *(Column(header=header, cells=estimates(table[name], decimals)) for name, header in headers.items()),
        Column(header="Rhat", cells=format_fixed(checks["r_hat"], 3)),
        Column(header="ESS_bulk", cells=format_fixed(checks["ess_bulk"], 0)),
        Column(header="ESS_tail", cells=format_fixed(checks["ess_tail"], 0)),
    )


def _notes(design: Design, prob: float) -> tuple[str, ...]:
    """Say what the numbers are and which rows were left out."""
    meaning = f"Estimates are posterior medians; intervals are equal-tailed, {100 * prob:.6g}%."
    return (meaning, *left_out_text(design))


def diagnostics_text(diagnostics: pd.DataFrame) -> str:
    """Say in plain words how far the draws can be trusted."""
    r_hat = float(diagnostics["r_hat"].max(skipna=False))
    bulk, tail = diagnostics[["ess_bulk", "ess_tail"]].to_numpy().min(axis=0)
    if math.isnan(r_hat + bulk + tail):
        return "Convergence cannot be judged from these draws."
    return (
        f"Largest R-hat {r_hat:.3f}; at least {bulk:,.0f} effective draws in the bulk"
        f" and {tail:,.0f} in the tails."
    )
