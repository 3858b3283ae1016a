"""A digest of the kernel's sources, so that no compiled kernel outlives them.

Numba keeps the compiled entries on disk under the stamp of the one file that defines them, and under what
they close over. Every entry closes over this digest, and refuses a block that was packed with another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from bayesmixed.errors import SamplingError

KERNEL = (
    "adjoint",
    "compilation",
    "conditional",
    "criterion",
    "density",
    "elimination",
    "layout",
    "memory",
    "residual",
    "serial",
    "theta",
)


def kernel_digest() -> int:
    """Digest of the kernel's source files as a positive 63-bit integer."""
    return digest_of(Path(__file__).parent / f"{name}.py" for name in KERNEL)


def digest_of(files: Iterable[Path]) -> int:
    """Digest of files as a positive 63-bit integer."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return int.from_bytes(digest.digest()[:8], "big") >> 1


SOURCES = kernel_digest()
STALE, NO_MEMORY = -2, -1
"""What an entry returns for a block that was packed by other sources, and for want of a workspace."""


def require_run(status: int) -> int:
    """Status of an entry that did run."""
    if status == NO_MEMORY:
        raise MemoryError("There is no memory left to eliminate the random effects in.")
    if status == STALE:
        raise SamplingError("The kernel's sources have changed under the running program: start it again.")
    return status
