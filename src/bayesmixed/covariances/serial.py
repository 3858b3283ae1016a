"""The questions that every correlation structure of the residuals answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial:
    """Correlations of residuals within series of rows."""

    name: ClassVar[str]  # in a formula, a registry and files

    def of_rows(self, rows: NDArray[np.bool_] | IntArray) -> Self:  # noqa: ARG002
        """The structure of some of the rows."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Independent(Serial):
    """Residuals of which none says anything of another."""

    name = "independent"


INDEPENDENT = Independent()
