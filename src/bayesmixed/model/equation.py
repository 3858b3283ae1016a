"""The statement of a model, in plain text and in LaTeX."""

from __future__ import annotations

from collections.abc import Iterator

from bayesmixed import names
from bayesmixed.design.records import Design, GroupBlock
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.table import prior_table

_LATEX_SPECIAL = {
    "\\": r"\backslash ",
    **{sign: f"\\{sign}" for sign in "_&%#${}"},
    "^": r"\textasciicircum ",
    "~": r"\textasciitilde ",
}


def equation_text(spec: ModelSpec) -> str:
    """Statement of a model in plain text: the mean, the random effects, the residual, the priors.

    Parameters
    ----------
    spec : ModelSpec
        Design and priors.

    Returns
    -------
    str
        Lines such as ``Reaction[i] = b[Intercept] + b[Days] Days[i] + u[Subject[i], Intercept] + e[i]``, one
        for every distribution, and one for every prior.
    """
    design = spec.design
    summands = [f"b[{term}]{_times_text(term)}" for term in design.fixed.terms]
    for block in design.blocks:
        summands += [f"u[{block.group}[i], {effect}]{_times_text(effect)}" for effect in block.effects]
    summands += ["offset[i]"] if design.formula.offsets else []
    lines = _response_text(spec, summands)
    lines[1:1] = [_block_text(block, effects) for block, effects in _correlated_sets(design)]
    return "\n".join([*lines, *_priors_text(spec)])


def equation_latex(spec: ModelSpec) -> str:
    r"""Statement of a model in LaTeX, without the priors.

    Parameters
    ----------
    spec : ModelSpec
        Design and priors.

    Returns
    -------
    str
        An ``aligned`` environment, to be put between dollar signs.
    """
    design = spec.design
    summands = [rf"\beta_{{{_latex(term)}}}{_times_latex(term)}" for term in design.fixed.terms]
    for block in design.blocks:
        level = rf"{_latex(block.group)}[i]"
        summands += [rf"u_{{{level},\,{_latex(effect)}}}{_times_latex(effect)}" for effect in block.effects]
    summands += [r"\text{offset}_i"] if design.formula.offsets else []
    lines = _response_latex(spec, summands)
    lines[1:1] = [_block_latex(block, effects) for block, effects in _correlated_sets(design)]
    body = " \\\\\n".join(lines)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _response_text(spec: ModelSpec, summands: list[str]) -> list[str]:
    """Line of the mean, and line of the distribution around it."""
    design, family = spec.design, spec.family
    if family.is_gaussian:
        weight = "" if design.weights is None else " / weight[i]"
        mean = f"{design.response.name}[i] = {' + '.join([*summands, 'e[i]'])}"
        return [mean, f"e[i] ~ Normal(0, {names.SIGMA}^2{weight})"]
    location = f"{family.argument}[i]"
    linked = location if family.link == "identity" else f"{family.link}({location})"
    trials = [] if design.response.trials is None else ["trials[i]"]
    arguments = ", ".join([*trials, location, *family.parameters])
    return [
        f"{linked} = {' + '.join(summands)}",
        f"{design.response.name}[i] ~ {family.distribution}({arguments})",
    ]


def _response_latex(spec: ModelSpec, summands: list[str]) -> list[str]:
    """Line of the mean, and line of the distribution around it, in LaTeX."""
    design, family = spec.design, spec.family
    response = rf"{_latex(design.response.name)}_i"
    if family.is_gaussian:
        variance = r"\sigma^2" if design.weights is None else r"\sigma^2 / w_i"
        mean = rf"{response} &= {' + '.join([*summands, r'\varepsilon_i'])}"
        return [mean, rf"\varepsilon_i &\sim \mathrm{{N}}(0,\ {variance})"]
    location = r"\mu_i" if family.argument == "mu" else "p_i"
    linked = location if family.link == "identity" else rf"{_latex(family.link)}({location})"
    trials = [] if design.response.trials is None else ["n_i"]
    greek = [rf"\{name}" for name in family.parameters]
    arguments = r",\ ".join([*trials, location, *greek])
    return [
        rf"{linked} &= {' + '.join(summands)}",
        rf"{response} &\sim {_latex(family.distribution)}({arguments})",
    ]


def _correlated_sets(design: Design) -> Iterator[tuple[GroupBlock, tuple[str, ...]]]:
    """Every set of effects that are correlated among themselves, with its block."""
    for block in design.blocks:
        for places in block.sets:
            yield block, block.effects[places.start : places.stop]


def _times_text(name: str) -> str:
    return "" if name == names.INTERCEPT else f" {name}[i]"


def _times_latex(name: str) -> str:
    return "" if name == names.INTERCEPT else rf"\,{_latex(name)}_i"


def _block_text(block: GroupBlock, effects: tuple[str, ...]) -> str:
    """Distribution of one set of random effects."""
    if len(effects) == 1:
        return f"u[{block.group}, {effects[0]}] ~ Normal(0, {names.sd_of(block.group, effects[0])}^2)"
    listed = ", ".join(f"u[{block.group}, {effect}]" for effect in effects)
    sd, corr = names.sd(block.group), names.corr(block.group)
    return f"({listed}) ~ Normal(0, D C D), D = diag({sd}), C = {corr}"


def _block_latex(block: GroupBlock, effects: tuple[str, ...]) -> str:
    """Distribution of one set of random effects."""
    group = _latex(block.group)
    if len(effects) == 1:
        only = rf"{group},\,{_latex(effects[0])}"
        return rf"u_{{{only}}} &\sim \mathrm{{N}}(0,\ \tau_{{{only}}}^2)"
    listed = r",\ ".join(rf"u_{{{group},\,{_latex(effect)}}}" for effect in effects)
    return rf"({listed}) &\sim \mathrm{{N}}(0,\ D_{{{group}}} C_{{{group}}} D_{{{group}}})"


def _priors_text(spec: ModelSpec) -> list[str]:
    """One line for every prior."""
    design = spec.design
    lines = []
    for row in prior_table(design, spec.priors, spec.family).rows:
        is_term = row.parameter in design.fixed.terms
        label = f"b[{row.parameter}]" if is_term else row.parameter
        if design.fixed.has_intercept and row.parameter == design.fixed.terms[0]:
            label += " at the means of the columns"
        lines.append(f"{label} ~ {row.prior}")
    return lines


def _latex(name: str) -> str:
    """Name as upright text."""
    return rf"\text{{{''.join(_LATEX_SPECIAL.get(sign, sign) for sign in name)}}}"
