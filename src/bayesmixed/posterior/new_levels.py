"""Random effects of levels that a model has not seen, drawn from each draw's covariance matrix."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.posterior.linear_predictor import NewEffects
from bayesmixed.posterior.log_prior import centred_scales

LEVEL_STREAM = 1
"""Keeps the random numbers of levels apart from those of rows."""


def new_level_effects(posterior: xr.Dataset, design: Design, seed: int) -> NewEffects:
    """Sampler of the effects of new levels, one draw from N(0, S) for each level and posterior draw.

    Returns shape (chain, draw, level, effect).

    A level's random numbers come from the seed, the place of its grouping factor in the formula and its label
    alone: neither the order of rows, nor the other levels, nor the name of the factor change them.
    """
    keys = dict.fromkeys(bar.group.key for bar in design.formula.random)
    places = {key: str(place) for place, key in enumerate(keys)}
    roots = {block.group: covariance_roots(posterior, block) for block in design.blocks}

    def effects(block: GroupBlock, labels: Sequence[str]) -> FloatArray:
        root, place = roots[block.group], places.get(block.group_key, block.group)
        out = np.empty((*root.shape[:2], len(labels), block.n_effects))
        for j, label in enumerate(labels):
            rng = np.random.default_rng([seed, LEVEL_STREAM, _digest(place, label)])
            noise = rng.standard_normal((*root.shape[:2], block.n_effects, 1))
            out[:, :, j] = np.matmul(root, noise)[..., 0]
        return out

    return effects


def covariance_roots(posterior: xr.Dataset, block: GroupBlock) -> FloatArray:
    """Square roots R of the covariance matrices of a grouping factor's effects, R R' = S.

    Returns shape (chain, draw, k, k).
    """
    sd, corr = centred_scales(posterior, block)
    if not block.has_correlation:
        return np.asarray(sd[..., None] * corr)
    values, vectors = np.linalg.eigh(corr)
    centred = sd[..., None] * vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    return np.asarray(block.centring @ centred)


def _digest(place: str, label: str) -> int:
    """Number that stands for a level in every process."""
    return int.from_bytes(hashlib.blake2b(f"{place}:{label}".encode(), digest_size=8).digest(), "little")
