"""A digest of the kernel's sources, so that no compiled kernel outlives them.

Numba keeps the compiled entries on disk under the stamp of the one file that defines them, and under what
they close over. Every entry closes over this digest, and refuses a block that was packed with another.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

KERNEL = ("compilation", "adjoint", "conditional", "criterion", "density", "elimination", "layout", "theta")


def kernel_digest() -> int:
    """Digest of the kernel's source files as a positive 63-bit integer."""
    digest = hashlib.sha256()
    for name in KERNEL:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return int.from_bytes(digest.digest()[:8], "big") >> 1


SOURCES = kernel_digest()
STALE = 9
"""What an entry returns for a block that was packed by other sources."""
