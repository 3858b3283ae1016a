"""Whether one model is a special case of another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayesmixed.design.records import Design, FloatArray, IntArray

WITHIN = 1e-8
"""Relative length of the remainder of a column that still counts as a combination of other columns."""


def is_nested(smaller: Design, larger: Design) -> bool:
    """Whether a model is a special case of another on the same rows.

    Groups are compared as partitions of the rows, columns as the space that they span: how factors are named
    or coded does not matter. Special cases in which groups differ are not seen: ``(1 | g:f)`` within
    ``(0 + f | g)``.
    """
    sets = list(_effect_sets(larger))
    return (
        np.array_equal(smaller.offset, larger.offset)
        and spans(larger.fixed.matrix, smaller.fixed.matrix)
        and all(
            any(np.array_equal(codes, theirs) and spans(outer, inner) for theirs, outer in sets)
            for codes, inner in _effect_sets(smaller)
        )
    )


def has_same_fixed_part(ours: Design, theirs: Design) -> bool:
    """Whether two designs have the same X, up to the order of its columns, and the same offset."""
    if set(ours.fixed.keys) != set(theirs.fixed.keys):
        return False
    order = [theirs.fixed.keys.index(key) for key in ours.fixed.keys]
    return np.array_equal(ours.offset, theirs.offset) and np.allclose(
        ours.fixed.matrix, theirs.fixed.matrix[:, order], rtol=WITHIN, atol=0.0
    )


def adds_one_variance(smaller: Design, larger: Design) -> bool:
    """Whether a model becomes the other when the variance of one random effect is set to zero.

    Its covariances go with it; the fixed parts may differ too.
    """
    added = sum(b.n_effects for b in larger.blocks) - sum(b.n_effects for b in smaller.blocks)
    return added == 1 and is_nested(smaller, larger)


def spans(outer: FloatArray, inner: FloatArray) -> bool:
    """Whether all columns of a matrix are combinations of another's."""
    lengths = np.linalg.norm(outer, axis=0)
    scaled = outer / np.where(lengths > 0.0, lengths, 1.0)
    combination = np.linalg.lstsq(scaled, inner)[0]
    rest = np.linalg.norm(inner - scaled @ combination, axis=0)
    return bool(np.all(rest <= WITHIN * np.linalg.norm(inner, axis=0)))


def _effect_sets(design: Design) -> Iterator[tuple[IntArray, FloatArray]]:
    """Groups, numbered by first appearance, with the columns of every set of correlated effects."""
    for block in design.blocks:
        codes = pd.factorize(block.codes)[0].astype(np.int64)
        for part in block.covariances.parts:
            yield codes, block.columns[:, part.effects]
