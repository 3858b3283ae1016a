"""The line of one group, written out."""

from __future__ import annotations

import xarray as xr

from bayesmixed import names
from bayesmixed.extract.blocks import block_of_level
from bayesmixed.extract.coef import coefficient_names, coefficient_point
from bayesmixed.model.spec import ModelSpec


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
        Label of a level, e.g. ``"308"``; a number stands for its text.
    group : str, optional
        The grouping factor, needed when several have a level of that name.
    digits : int
        Decimal places.

    Returns
    -------
    str
        E.g. ``"Reaction = 253.66 + 19.67 Days"``: posterior medians of the level's coefficients (means with
        ``keep_ranef="moments"``). A link other than the identity stands around the response,
        ``"log(y) = ..."``.

    Raises
    ------
    DataError
        When no grouping factor has the level, or several have it.
    """
    block = block_of_level(spec.design, str(group_level), group)
    level = block.levels.index(str(group_level))
    terms = [
        (name, coefficient_point(draws, spec, block, name, level))
        for name in coefficient_names(spec.design, block)
    ]
    name, link = spec.design.response.name, spec.family.link
    return line_text(name if link == "identity" else f"{link}({name})", terms, digits)


def line_text(response: str, terms: list[tuple[str, float]], digits: int = 2) -> str:
    """Write a linear predictor as text.

    Parameters
    ----------
    response : str
        Left side.
    terms : list[tuple[str, float]]
        Names and coefficients.
    digits : int
        Decimal places.

    Returns
    -------
    str
        The equation.

    Examples
    --------
    >>> line_text("y", [("Intercept", 2.0), ("x", -0.504)])
    'y = 2.00 - 0.50 x'
    """
    text = f"{response} ="
    for i, (name, value) in enumerate(terms):
        sign = "-" if value < 0 else "+"
        lead = f" {sign} " if i else f" {sign.strip('+')}"
        label = "" if name == names.INTERCEPT else f" {name}"
        text += f"{lead}{abs(value):.{digits}f}{label}"
    return text
