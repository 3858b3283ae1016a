"""All parameters in one table, with broom.mixed's columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import pandas as pd
import xarray as xr

from bayesmixed.errors import BayesmixedError
from bayesmixed.extract.fixef import fixef
from bayesmixed.extract.ranef import ranef
from bayesmixed.extract.summaries import bound_names, check_prob, summary_columns
from bayesmixed.extract.varcorr import sd_labels, sd_summary, varcorr
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import one_of

TidyEffects = Literal["fixed", "ran_pars", "ran_vals"]


def tidy(
    draws: xr.DataTree,
    spec: ModelSpec,
    *,
    effects: Sequence[TidyEffects] = ("fixed", "ran_pars"),
    prob: float = 0.95,
) -> pd.DataFrame:
    """All parameters in one long table with broom.mixed's columns, for joining and comparing models.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    effects : sequence of {"fixed", "ran_pars", "ran_vals"}
        Fixed effects; standard deviations and correlations; the random effects of every level.
    prob : float
        Probability inside the equal-tailed intervals.

    Returns
    -------
    pandas.DataFrame
        ``effect``, ``group``, ``term``, ``estimate`` (posterior median), ``std_error`` (posterior standard
        deviation), ``conf_low``, ``conf_high``; with ``"ran_vals"`` a column ``level`` after ``group``.
        Terms are ``sd__Intercept``, ``cor__Intercept.Days`` and, in the group ``Residual``,
        ``sd__Observation``. What does not apply is ``""``.

    Raises
    ------
    BayesmixedError
        When `effects` holds another word or is empty, or `prob` is not between 0 and 1.
    """
    check_prob(prob)
    wanted = [effects] if isinstance(effects, str) else list(effects)
    for word in wanted:
        one_of(word, TidyEffects, "effects")
    if not wanted:
        raise BayesmixedError(f"effects= is empty; use some of {', '.join(get_args(TidyEffects))}.")
    table = pd.concat([PARTS[word](draws, spec, prob) for word in wanted], ignore_index=True)
    columns = ["effect", "group", "level", "term", "estimate", "std_error", "conf_low", "conf_high"]
    return table[[name for name in columns if name != "level" or "ran_vals" in wanted]]


def _fixed(draws: xr.DataTree, spec: ModelSpec, prob: float) -> pd.DataFrame:
    """Tabulate the fixed effects."""
    return _broom(fixef(draws, spec, prob=prob), prob).assign(effect="fixed", group="", level="")


def _random_parameters(draws: xr.DataTree, spec: ModelSpec, prob: float) -> pd.DataFrame:
    """Tabulate standard deviations, then correlations, of each grouping factor; the residual last."""
    sds = pd.DataFrame(sd_labels(spec), columns=["group", "term"]).assign(
        **summary_columns(sd_summary(draws, spec, prob), prob)
    )
    sds["term"] = "sd__" + sds["term"].where(sds["term"] != "", "Observation")
    pairs = varcorr(draws, spec, prob=prob, correlations=True)
    pairs["term"] = "cor__" + pairs["effect_1"] + "." + pairs["effect_2"]
    order = list(dict.fromkeys(sds["group"]))
    parts = [part[part["group"] == group] for group in order for part in (sds, pairs)]
    return _broom(pd.concat([part for part in parts if len(part)]), prob).assign(effect="ran_pars", level="")


def _random_values(draws: xr.DataTree, spec: ModelSpec, prob: float) -> pd.DataFrame:
    """Tabulate the random effects of every level."""
    table = ranef(draws, spec, prob=prob)
    renamed = table.rename(columns={"group_var": "group", "group": "level", "effect": "term"})
    return _broom(renamed, prob).assign(effect="ran_vals")


def _broom(table: pd.DataFrame, prob: float) -> pd.DataFrame:
    """Put the table under broom.mixed's names."""
    lower, upper = bound_names(prob)
    return table.rename(
        columns={"value": "estimate", "se": "std_error", lower: "conf_low", upper: "conf_high"}
    )


PARTS: dict[str, Callable[[xr.DataTree, ModelSpec, float], pd.DataFrame]] = {
    "fixed": _fixed,
    "ran_pars": _random_parameters,
    "ran_vals": _random_values,
}
