"""Whether the parts of a saved fit belong to one model: another program may have written the file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.parameters import prior_parameters
from bayesmixed.engines.records import RunInfo
from bayesmixed.errors import FileError
from bayesmixed.families.family import Family
from bayesmixed.families.registry import family_by_name
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.diagnostics import TARGET_ACCEPT
from bayesmixed.posterior.tree import Dims, coordinates, moment_dims, posterior_dims

ENGINES = ("collapsed", "joint", "pymc")
COUNTS = ("draws", "tune", "chains", "thin", "seed")
TOLERANCE = 1e-6
"""How far rows that were computed again may lie from those of the file, relative to the largest."""


def known_family(record: Mapping[str, Any]) -> Family:
    """Family of a file, when it is one that its name stands for."""
    family = family_by_name(record["name"], record["link"])
    if family.record != record:
        raise FileError(f"its family is not the one that is called {family.name!r}.")
    return family


def plausible_run(record: Mapping[str, Any]) -> RunInfo:
    """How the draws of a file were made, when every part is of its kind."""
    run = RunInfo(**record)
    counts = [getattr(run, name) for name in COUNTS]
    texts = [*run.plan, *run.versions, *run.versions.values()]
    if (
        run.engine not in ENGINES
        or any(type(count) is not int or not 0 <= count < 2**63 for count in counts)
        or type(run.seconds) is not float
        or not math.isfinite(run.seconds)
        or not isinstance(run.plan, tuple)
        or not all(isinstance(text, str) for text in texts)
    ):
        raise FileError("it does not say how its draws were made.")
    return run


def require_one_model(spec: ModelSpec, draws: xr.DataTree) -> None:
    """Refuse priors or draws that are not those of a model."""
    _require_priors(spec)
    posterior = draws["posterior"].to_dataset()
    dims = posterior_dims(spec.design, spec.priors.parameters)
    moments = draws[names.RANEF_MOMENTS].to_dataset() if names.RANEF_MOMENTS in draws.children else {}
    kept = {name: dim for name, dim in dims.items() if name in posterior or name not in moments}
    labels = coordinates(spec.design)
    _require_variables(posterior, kept, labels)
    if isinstance(moments, xr.Dataset):
        wanted = moment_dims([block for block in spec.design.blocks if names.ranef(block.group) not in kept])
        _require_variables(moments, wanted, {names.MOMENT: names.MOMENTS, **labels})
    _require_statistics(draws, posterior)
    _require_rows(spec, draws)


def _require_priors(spec: ModelSpec) -> None:
    """Refuse priors of other parameters, or such as a user could not have chosen."""
    labels = [parameter.label for parameter in prior_parameters(spec.design, spec.priors.parameters)]
    chosen = dict(zip(labels, spec.priors.in_order, strict=True))
    again = complete_priors(spec.design, chosen, spec.family)
    if replace(again, user=spec.priors.user) != spec.priors or not spec.priors.user <= chosen.keys():
        raise FileError("its priors are not those of its model.")


def _require_variables(
    dataset: xr.Dataset, wanted: Mapping[str, Dims], labels: Mapping[str, Sequence[object]]
) -> None:
    """Refuse draws that lack a variable, or whose dimensions or labels are others."""
    for name, dims in wanted.items():
        if name not in dataset or dataset[name].dims != dims or dataset[name].dtype.kind != "f":
            raise FileError(f"it does not hold the draws of {name!r} in this model.")
        for dim in dims:
            found = dataset[dim].to_numpy().tolist()
            expected = labels.get(dim, range(max(len(found), 1)))
            if list(map(str, found)) != list(map(str, expected)):
                raise FileError(f"its draws of {name!r} are not labelled as in this model.")


def _require_statistics(draws: xr.DataTree, posterior: xr.Dataset) -> None:
    """Refuse statistics of the sampler that are not one number a draw."""
    statistics = draws["sample_stats"].to_dataset() if "sample_stats" in draws.children else xr.Dataset()
    for name, variable in statistics.data_vars.items():
        sizes = {dim: posterior.sizes[dim] for dim in (names.CHAIN, names.DRAW)}
        if dict(variable.sizes) != sizes or variable.dtype.kind not in "biuf":
            raise FileError(f"its statistic {name!r} is not one number a draw.")
    target = draws.attrs.get(TARGET_ACCEPT)
    if not (target is None or (isinstance(target, float) and 0 < target < 1)):
        raise FileError("its acceptance rate is not a number between 0 and 1.")


def _require_rows(spec: ModelSpec, draws: xr.DataTree) -> None:
    """Refuse observed rows that the formula does not make of the data."""
    made = {
        ("observed_data", names.RESPONSE): spec.design.response.values,
        ("constant_data", "X"): spec.design.fixed.matrix,
    }
    for (group, name), values in made.items():
        found = np.asarray(draws[group][name].to_numpy(), dtype=np.float64)
        if found.shape != values.shape or not np.allclose(
            found, values, rtol=0, atol=TOLERANCE * np.max(np.abs(values), initial=0.0), equal_nan=True
        ):
            raise FileError(f"its formula does not make the rows of {group!r} of its data.")
