"""Saved fits: everything that a fit cannot recompute, in one file without pickle."""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.design.build import build_design
from bayesmixed.design.meeting import KnownCovariance
from bayesmixed.design.records import FloatArray
from bayesmixed.design.related import known_covariance
from bayesmixed.engines.records import RunInfo
from bayesmixed.errors import BayesmixedError, FileError
from bayesmixed.families.family import Family
from bayesmixed.families.gaussian import GAUSSIAN
from bayesmixed.families.support import check_formula
from bayesmixed.formula.parse import parse_formula
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import Center, checked_center
from bayesmixed.posterior.archive import (
    frame_bytes,
    frame_from_bytes,
    plain,
    read_archive,
    restored,
    write_archive,
)
from bayesmixed.posterior.consistency import known_family, plausible_run, require_one_model
from bayesmixed.priors.choice import prior
from bayesmixed.priors.prior import Prior, PriorSet

FIT = "fit.json"
FRAME = "frame.arrow"
WEIGHTS = "weights.npy"
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFit:
    """What is kept of a fit; design and model follow from it."""

    formula: str | tuple[str, ...]  # as the user wrote it
    frame: pd.DataFrame  # the rows used, all columns, original index
    weights: FloatArray | None  # prior weights of those rows, shape (n,)
    priors: PriorSet  # the prior of every parameter
    draws: xr.DataTree  # posterior, sampler statistics, observed and constant data
    run: RunInfo  # how the draws were made
    n_dropped: int = 0  # rows that the fit left out because a value was missing; they are not in `frame`
    family: Family = GAUSSIAN  # distribution of the response
    center: Center = True  # where the priors stand
    known: Mapping[str, KnownCovariance] = field(default_factory=dict)  # covariances between levels

    def spec(self) -> ModelSpec:
        """Model that was fitted, built again from formula, rows and priors.

        Returns
        -------
        ModelSpec
            Its design counts the rows left out when the fit was made.

        Raises
        ------
        FileError
            When the priors or the draws are those of another model.
        """
        parsed = parse_formula(self.formula)
        check_formula(parsed, self.family)
        design = build_design(
            parsed,
            self.frame,
            weights=None if parsed.response.additions.weights else self.weights,
            center=self.center,
            residual_variance=self.family.has_residual_sd,
            successes=self.family.takes_successes,
            data2=self.known,
        )
        design = replace(design, n_dropped=self.n_dropped)
        spec = ModelSpec(design=design, priors=self.priors, family=self.family)
        require_one_model(spec, self.draws)
        return spec


def write_fit(path: str | os.PathLike[str], saved: SavedFit) -> None:
    """Write a fit to a file, whole or not at all.

    Numbers are NumPy's ``.npy``, bit for bit and without pickle; the frame is an Arrow stream; all else is
    JSON.
    """
    members: dict[str, bytes] = {FRAME: frame_bytes(saved.frame)}
    if saved.weights is not None:
        members[WEIGHTS] = _array_bytes(saved.weights)
    for place, each in enumerate(saved.known.values()):
        members[f"known/{place}.npy"] = _array_bytes(each.matrix)
    groups = []
    for node in saved.draws.subtree:
        groups.append(_group_record(node, np.asarray(saved.frame.index), members))
    record = {
        "formula": plain(saved.formula),
        "priors": _prior_record(saved.priors),
        "run": plain(asdict(saved.run)),
        "n_dropped": saved.n_dropped,
        "family": plain(saved.family.record),
        "center": saved.center,
        "known": {name: list(each.labels) for name, each in saved.known.items()},
        "groups": groups,
    }
    members[FIT] = json.dumps(record).encode()
    write_archive(path, members)


def read_fit(path: str | os.PathLike[str]) -> SavedFit:
    """Read a fit that `write_fit` wrote."""
    members = read_archive(path)
    try:
        return _fit(members)
    # The digests hold, so only a file that another program made with our format name comes here, with
    # anything in it.
    except BayesmixedError as error:
        raise FileError(f"{os.fspath(path)!r} cannot be read as a saved fit: {first_words(error)}") from error
    except Exception as error:
        raise FileError(
            f"{os.fspath(path)!r} is not a saved fit of this version; fits are written by fit.save(path)."
        ) from error


def first_words(error: Exception) -> str:
    """First line of an error about a file, without the end of a long one: it may quote what is in there."""
    line = str(error).split("\n")[0]
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON]} ..."


def _fit(members: dict[str, bytes]) -> SavedFit:
    """Fit from the checked members of a file."""
    record = json.loads(members[FIT])
    formula = restored(record["formula"])
    texts = [formula] if isinstance(formula, str) else formula
    if (
        not (isinstance(formula, str | tuple) and all(isinstance(text, str) for text in texts))
        or type(record["n_dropped"]) is not int
        or record["n_dropped"] < 0
    ):
        raise FileError("its formula or its number of rows left out is of another kind.")
    frame = frame_from_bytes(members[FRAME])
    index = np.asarray(frame.index)
    groups = {group["path"]: _dataset(group, index, members) for group in record["groups"]}
    return SavedFit(
        formula=formula,
        frame=frame,
        weights=_array(members[WEIGHTS]) if WEIGHTS in members else None,
        priors=_prior_set(record["priors"]),
        draws=xr.DataTree.from_dict(groups),
        run=plausible_run(restored(record["run"])),
        n_dropped=record["n_dropped"],
        family=known_family(restored(record["family"])),
        center=checked_center(record.get("center", "fixed")),
        known={
            name: known_covariance(name, (labels, _array(members[f"known/{place}.npy"])))
            for place, (name, labels) in enumerate(record.get("known", {}).items())
        },
    )


def _group_record(node: xr.DataTree, index: NDArray[Any], members: dict[str, bytes]) -> dict[str, Any]:
    """Describe one group of the tree, and add its numbers to `members`."""
    dataset = node.to_dataset(inherit=False)
    variables = [
        _variable_record(name, variable, name in dataset.coords, index, members)
        for name, variable in dataset.variables.items()
    ]
    return {"path": node.path, "attrs": plain(dict(dataset.attrs)), "variables": variables}


def _variable_record(
    name: Hashable, variable: xr.Variable, is_coordinate: bool, index: NDArray[Any], members: dict[str, bytes]
) -> dict[str, Any]:
    """Describe one variable, with its values or where they are."""
    values = np.asarray(variable.values)
    record = {
        "name": name,
        "dims": list(variable.dims),
        "coordinate": is_coordinate,
        "attrs": plain(dict(variable.attrs)),
    }
    if name == names.ROW and values.dtype == index.dtype and _same(values, index):
        return {**record, "from": "frame"}
    if values.dtype == object:
        return {**record, "labels": plain(values.ravel().tolist()), "shape": list(values.shape)}
    member = f"draws/{len(members)}.npy"
    members[member] = _array_bytes(values)
    return {**record, "member": member}


def _same(values: NDArray[Any], index: NDArray[Any]) -> bool:
    """Whether row labels are those of the frame."""
    return values.shape == index.shape and pd.Index(values).equals(pd.Index(index))


def _dataset(group: dict[str, Any], index: NDArray[Any], members: dict[str, bytes]) -> xr.Dataset:
    """Dataset of one group from its description."""
    found: dict[bool, dict[str, Any]] = {True: {}, False: {}}
    for record in group["variables"]:
        values = _values(record, index, members)
        found[record["coordinate"]][record["name"]] = (record["dims"], values, restored(record["attrs"]))
    return xr.Dataset(found[False], coords=found[True], attrs=restored(group["attrs"]))


def _values(record: dict[str, Any], index: NDArray[Any], members: dict[str, bytes]) -> NDArray[Any]:
    """Values of one variable."""
    if "member" in record:
        return _array(members[record["member"]])
    if "labels" not in record:
        return index
    labels = restored(record["labels"])
    values = np.empty(len(labels), dtype=object)
    values[:] = labels
    return values.reshape(record["shape"])


def _array_bytes(values: NDArray[Any]) -> bytes:
    """Array as a .npy file."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _array(data: bytes) -> NDArray[Any]:
    """Array from a .npy file, once its header does not ask for more than the file has."""
    buffer = io.BytesIO(data)
    version = np.lib.format.read_magic(buffer)
    read_header = (
        np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read_header(buffer)
    if math.prod(shape) * dtype.itemsize != len(data) - buffer.tell():
        raise ValueError("the header of an array does not fit its length")
    buffer.seek(0)
    values: NDArray[Any] = np.lib.format.read_array(buffer, allow_pickle=False)
    return values


def _prior_record(priors: PriorSet) -> dict[str, Any]:
    """Priors as JSON."""
    parameters = {name: _prior(one) for name, one in priors.parameters.items()}
    return {
        "coefficients": [_prior(one) for one in priors.coefficients],
        "sd": [[_prior(one) for one in block] for block in priors.sd],
        "correlation": [{name: _prior(one) for name, one in block.items()} for block in priors.correlation],
        "sigma": parameters.pop(names.SIGMA, None),
        "auxiliary": parameters,
        "others": {name: _prior_record(one) for name, one in priors.others.items()},
        "user": sorted(priors.user),
    }


def _prior(one: Prior) -> list[Any]:
    """One prior as JSON."""
    return [one.name, dict(one.args)]


def _checked(record: list[Any]) -> Prior:
    """One prior from JSON, when there is such a distribution with such arguments."""
    name, args = record
    return prior(name, **args)


def _correlation(record: Any) -> dict[str, Prior]:
    """Priors of a grouping factor's correlations from JSON; older files know one structure."""
    if not isinstance(record, dict):
        record = {} if record is None else {"us": record}
    return {name: _checked(one) for name, one in record.items()}


def _prior_set(record: dict[str, Any]) -> PriorSet:
    """Priors from JSON."""
    sigma = {} if record["sigma"] is None else {names.SIGMA: record["sigma"]}
    return PriorSet(
        coefficients=tuple(_checked(one) for one in record["coefficients"]),
        sd=tuple(tuple(_checked(one) for one in block) for block in record["sd"]),
        correlation=tuple(_correlation(one) for one in record["correlation"]),
        parameters={name: _checked(one) for name, one in {**sigma, **record["auxiliary"]}.items()},
        others={name: _prior_set(one) for name, one in record.get("others", {}).items()},
        user=frozenset(record["user"]),
    )
