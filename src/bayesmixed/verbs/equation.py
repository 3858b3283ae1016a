"""The line of one group, written out."""

from __future__ import annotations

import numpy as np

from bayesmixed import names
from bayesmixed.design.nesting import lineage
from bayesmixed.errors import DataError
from bayesmixed.verbs.blocks import level_of
from bayesmixed.verbs.lines import line_names, line_points
from bayesmixed.verbs.sources import Source


def equation(source: Source, group_level: object, *, group: str | None = None, digits: int = 2) -> str:
    """Write the regression line of one level as the teaching texts do."""
    spec = source.spec
    if spec.design.smooths:
        raise DataError(
            f"A curve such as {spec.design.smooths[0].group} is not an equation of a few terms. "
            "fit.predict() and fit.plot.smooth() show it."
        )
    block, label = level_of(spec.design, group_level, group)
    kin, level = lineage(spec.design, block), block.levels.index(label)
    values = line_points(source.draws, spec, kin, np.array([level]))[0].tolist()
    terms = list(zip(line_names(spec.design, kin), values, strict=True))
    name, link = spec.design.response.name, spec.family.link
    return line_text(name if link == "identity" else f"{link}({name})", terms, digits)


def line_text(response: str, terms: list[tuple[str, float]], digits: int = 2) -> str:
    """Write a linear predictor as text."""
    text = f"{response} ="
    for i, (name, value) in enumerate(terms):
        sign = "-" if value < 0 else "+"
        lead = f" {sign} " if i else f" {sign.strip('+')}"
        label = "" if name == names.INTERCEPT else f" {name}"
        text += f"{lead}{abs(value):.{digits}f}{label}"
    return text
