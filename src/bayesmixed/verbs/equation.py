"""The line of one group, written out."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.nesting import lineage
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.blocks import level_of
from bayesmixed.verbs.coef import line_names, line_points


def equation(
    draws: xr.DataTree, spec: ModelSpec, group_level: object, *, group: str | None = None, digits: int = 2
) -> str:
    """Write the regression line of one level as the teaching texts do.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    group_level : object
        A level by its label or its value, e.g. ``"308"`` or 308.
    group : str, optional
        The grouping factor, needed when several have a level of that name.
    digits : int
        Decimal places.

    Returns
    -------
    str
        E.g. ``"Reaction = 253.66 + 19.67 Days"``: posterior medians of the line's coefficients (means with
        ``keep_ranef="moments"``). A link other than the identity stands around the response,
        ``"log(y) = ..."``.

    Raises
    ------
    DataError
        When no grouping factor has the level, or several have it.

    Notes
    -----
    The line of a nested level adds the effects of the levels in which it lies, a site's those of its range,
    so that it runs through the rows of the level; ``coef``, as lme4's, adds the level's own effects alone.
    The effects of factors that are crossed with it stand at zero, their average level.
    """
    block, label = level_of(spec.design, group_level, group)
    kin, level = lineage(spec.design, block), block.levels.index(label)
    values = line_points(draws, spec, kin, np.array([level]))[0].tolist()
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
