"""All parameters in one table, with broom.mixed's columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayesmixed import names
from bayesmixed.design.records import Design
from bayesmixed.options import TidyEffects, one_of, one_or_several
from bayesmixed.verbs.fixef import fixef
from bayesmixed.verbs.ranef import ranef
from bayesmixed.verbs.sources import Source
from bayesmixed.verbs.summaries import bound_names, check_prob, summary_columns
from bayesmixed.verbs.varcorr import sd_labels, varcorr

COMPONENT = "component"
"""What broom.mixed calls the parameter whose predictor a row is of."""
COLUMNS = (
    *("effect", COMPONENT, "group", "level", "term", "estimate", "std_error"),
    *("statistic", "df", "p_value", "conf_low", "conf_high"),
)


def tidy(
    source: Source, *, effects: Sequence[TidyEffects] = ("fixed", "ran_pars"), prob: float = 0.95
) -> pd.DataFrame:
    """All parameters in one long table with broom.mixed's columns, for joining and comparing models."""
    check_prob(prob)
    makers = {"fixed": _fixed, "ran_pars": _random_parameters, "ran_vals": _random_values}
    wanted = one_or_several(effects, "effects")
    for word in wanted:
        one_of(word, TidyEffects, "effects")
    table = pd.concat([makers[str(word)](source, prob) for word in wanted], ignore_index=True)
    columns = COLUMNS if "ran_vals" in wanted else [name for name in COLUMNS if name != "level"]
    return table[[name for name in columns if name in table]]


def _fixed(source: Source, prob: float) -> pd.DataFrame:
    """Tabulate the fixed effects."""
    table = fixef(source, prob=prob).rename(columns={names.PARAMETER: COMPONENT})
    return _broom(table, prob).assign(effect="fixed", group="", level="")


def _random_parameters(source: Source, prob: float) -> pd.DataFrame:
    """Tabulate standard deviations, then correlations, of each grouping factor; the residual last."""
    sds = pd.DataFrame(sd_labels(source.spec), columns=[COMPONENT, "group", "term"])
    sds = sds.assign(**summary_columns(source.deviations(prob), prob))
    sds["term"] = "sd__" + sds["term"].where(sds["term"] != "", "Observation")
    pairs = varcorr(source, prob=prob, correlations=True)
    pairs["term"] = ("cor__" + pairs["effect_1"] + "." + pairs["effect_2"]).str.removesuffix(".")
    is_residual = pairs["group"] == names.RESIDUAL
    pairs[COMPONENT] = pairs.get(names.PARAMETER, np.where(is_residual, names.SIGMA, names.MU))
    design = source.spec.design
    mean, *others = (
        [(name, block.group) for block in each.blocks] for name, each in design.predictors.items()
    )
    order = [*mean, (names.SIGMA, names.RESIDUAL), *(key for keys in others for key in keys)]
    parts = [
        part[(part[COMPONENT] == component) & (part["group"] == group)]
        for component, group in order
        for part in (sds, pairs)
    ]
    table = pd.concat([part for part in parts if len(part)] or [sds])
    return _broom(_with_component(table, design), prob).assign(effect="ran_pars", level="")


def _random_values(source: Source, prob: float) -> pd.DataFrame:
    """Tabulate the random effects of every level."""
    columns = {"group_var": "group", "group": "level", "effect": "term", names.PARAMETER: COMPONENT}
    return _broom(ranef(source, prob=prob).rename(columns=columns), prob).assign(effect="ran_vals")


def _with_component(table: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Table with the component of every row where there are several."""
    return table if design.others else table.drop(columns=COMPONENT)


def _broom(table: pd.DataFrame, prob: float) -> pd.DataFrame:
    """Put the table under broom.mixed's names."""
    lower, upper = bound_names(prob)
    renamed = {
        "value": "estimate",
        "se": "std_error",
        "t": "statistic",
        "z": "statistic",
        lower: "conf_low",
        upper: "conf_high",
    }
    return table.rename(columns=renamed)
