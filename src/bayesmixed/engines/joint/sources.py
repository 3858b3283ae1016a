"""A digest of the joint kernel's sources, so that no compiled kernel outlives them."""

from __future__ import annotations

from pathlib import Path

from bayesmixed.engines.kernel.sources import NO_MEMORY, STALE, digest_of, require_run

__all__ = ["KERNEL", "NO_MEMORY", "SHARED", "SOURCES", "STALE", "joint_digest", "require_run"]

KERNEL = ("density", "factorization", "layout", "likelihood", "row_loops")
SHARED = ("compilation", "layout", "memory", "theta")
"""Files of the shared kernel that are compiled into this one too."""


def joint_digest() -> int:
    """Digest of the kernel's source files as a positive 63-bit integer."""
    folder = Path(__file__).parent
    own = [folder / f"{name}.py" for name in KERNEL]
    return digest_of([*own, *(folder.parent / "kernel" / f"{name}.py" for name in SHARED)])


SOURCES = joint_digest()
