"""The data beside what the model says of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.errors import DataError
from bayesmixed.verbs import augment, fitted, resid
from bayesmixed.verbs.sources import Posterior

NEW = [
    *("fitted", "fitted_se", "fitted_lower_2.5", "fitted_upper_97.5"),
    *("fixed", "fixed_se", "fixed_lower_2.5", "fixed_upper_97.5"),
    *("resid", "std_resid"),
]


def test_keeps_the_data_and_adds_columns(toy: Any) -> None:
    frame = toy.spec.design.frame
    before = frame.copy()
    table = augment(toy)
    assert list(table.columns) == [*frame.columns, *NEW]
    pd.testing.assert_frame_equal(table[list(frame.columns)], before)
    pd.testing.assert_frame_equal(frame, before)
    np.testing.assert_array_equal(table["fitted"], fitted(toy)["value"])
    np.testing.assert_array_equal(table["std_resid"], resid(toy, kind="standardized")["value"])


def test_repeated_index_labels(toy: Any) -> None:
    frame = toy.spec.design.frame.set_axis([0] * toy.spec.design.n_rows)
    spec = replace(toy.spec, design=replace(toy.spec.design, frame=frame))
    table = augment(Posterior(toy.draws, spec))
    assert len(table) == len(frame)
    np.testing.assert_array_equal(table["resid"], resid(toy)["value"])


def test_a_column_that_the_data_have(toy: Any) -> None:
    frame = toy.spec.design.frame.assign(resid=0.0)
    spec = replace(toy.spec, design=replace(toy.spec.design, frame=frame))
    with pytest.raises(DataError, match="already have a column resid; give prefix="):
        augment(Posterior(toy.draws, spec))
    assert list(augment(Posterior(toy.draws, spec), prefix=".").columns)[-2:] == [
        ".resid",
        ".std_resid",
    ]
