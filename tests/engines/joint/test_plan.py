"""What is said, and decided, of the way in which random effects are sampled."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.engines.joint.plan import is_well_known


@pytest.mark.parametrize(
    ("n_levels", "ratios", "known"),
    [
        (24, [50.0], True),
        (24, [50.0, 40.0], True),
        (24, [50.0, 1.0], False),  # the rows say little of the slopes
        (19, [1e6], False),  # nineteen levels say too little of a standard deviation, however well known
        (400, [1.0], False),  # nor do many that are half known count as centred
    ],
)
def test_a_factor_is_well_known_by_many_levels_that_are_well_known(
    n_levels: int, ratios: list[float], known: bool
) -> None:
    assert is_well_known(np.tile(ratios, (n_levels, 1))) is known
