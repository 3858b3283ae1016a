"""The design of a model, with rows in memory or with sums of rows that lie elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bayesmixed.design.build import build_design
from bayesmixed.design.records import Design
from bayesmixed.design.remote.source import lies_elsewhere
from bayesmixed.errors import DataError
from bayesmixed.families.family import Family
from bayesmixed.formula.terms import ParsedFormula
from bayesmixed.options import Center, Missing

if TYPE_CHECKING:
    import os

    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike


def design_for(
    family: Family,
    parsed: ParsedFormula,
    data: IntoFrame | str | os.PathLike[str],
    *,
    weights: str | ArrayLike | None = None,
    data2: Mapping[str, object] | None = None,
    missing: Missing = "drop",
    center: Center = True,
) -> Design:
    """Build the design of a model, from a frame or from data that are larger than memory."""
    if lies_elsewhere(data):
        return _aggregated(family, parsed, data, weights, missing, center)
    frame: Any = data
    return build_design(
        parsed,
        frame,
        weights=weights,
        missing=missing,
        center=center,
        residual_variance=family.has_residual_sd,
        successes=family.takes_successes,
        data2=data2,
    )


def _aggregated(
    family: Family, parsed: ParsedFormula, data: object, weights: object, missing: Missing, center: Center
) -> Design:
    """Design with sums in place of rows."""
    if not family.is_gaussian:
        raise DataError(
            f"The family {family} needs the rows in memory, and data is a path or a lazy frame: only a "
            "gaussian model can be fitted to sums over rows. Read the data, or a sample of them, first."
        )
    from bayesmixed.design.remote.aggregate import aggregate_design

    return aggregate_design(parsed, data, weights=weights, missing=missing, center=center)
