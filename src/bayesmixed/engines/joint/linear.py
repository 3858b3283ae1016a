"""The linear predictor of all rows, and its transpose."""

from __future__ import annotations

from typing import Any

from bayesmixed.engines.collapsed import layout as shared
from bayesmixed.engines.collapsed.compilation import compiled
from bayesmixed.engines.collapsed.memory import beyond
from bayesmixed.engines.joint import layout as at


@compiled
def write_predictor(ints: Any, floats: Any, joint: Any, eta: Any) -> None:
    """Linear predictor: offset + X b + sum_k Z_k u_k."""
    n, p = ints[at.N_ROWS], ints[at.N_FIXED]
    x, offset = beyond(floats, ints[at.ROW_X]), beyond(floats, ints[at.ROW_OFFSET])
    fixed = beyond(joint, ints[at.N_EFFECTS] - p)
    for i in range(n):
        value = offset[i]
        for j in range(p):
            value += x[i * p + j] * fixed[j]
        eta[i] = value
    for f in range(ints[shared.N_FACTORS]):
        table = ints[shared.FACTORS] + f * shared.FACTOR_LENGTH
        k, code = ints[table + shared.FACTOR_K], beyond(ints, ints[at.ROW_CODE] + f * n)
        z = beyond(floats, ints[at.ROW_Z] + ints[table + at.FACTOR_Z])
        for i in range(n):
            value = eta[i]
            for e in range(k):
                value += z[i * k + e] * joint[code[i] + e]
            eta[i] = value


@compiled
def write_transposed(ints: Any, floats: Any, score: Any, out: Any) -> None:
    """Gradient in random effects and coefficients from that in the linear predictor."""
    n, p, n_effects = ints[at.N_ROWS], ints[at.N_FIXED], ints[at.N_EFFECTS]
    x = beyond(floats, ints[at.ROW_X])
    for i in range(n_effects):
        out[i] = 0.0
    fixed = beyond(out, n_effects - p)
    for i in range(n):
        for j in range(p):
            fixed[j] += x[i * p + j] * score[i]
    for f in range(ints[shared.N_FACTORS]):
        table = ints[shared.FACTORS] + f * shared.FACTOR_LENGTH
        k, code = ints[table + shared.FACTOR_K], beyond(ints, ints[at.ROW_CODE] + f * n)
        z = beyond(floats, ints[at.ROW_Z] + ints[table + at.FACTOR_Z])
        for i in range(n):
            for e in range(k):
                out[code[i] + e] += z[i * k + e] * score[i]
