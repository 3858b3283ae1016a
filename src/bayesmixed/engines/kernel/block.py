"""The packed block under construction."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.engines.kernel import layout as at

Ints = np.ndarray[Any, np.dtype[np.int64]]


class PackedBlock:
    """Sections appended one after the other behind the header.

    Parameters
    ----------
    header_length : int
        Number of words of the header.
    digest : int
        Of the sources of the kernel that will read the block.
    """

    def __init__(self, header_length: int, digest: int) -> None:
        self.header = np.zeros(header_length, dtype=np.int64)
        self.header[at.DIGEST] = digest
        self.sections: list[Ints] = []
        self.size = header_length
        self.work_size = 0

    def put(self, place: int, values: Any, kind: type = np.int64) -> None:
        """Append a section and write its offset into the header."""
        section = np.ascontiguousarray(values, dtype=kind).ravel().view(np.int64)
        self.header[place] = self.size
        self.sections.append(section)
        self.size += len(section)

    def reserve(self, place: int, size: int) -> None:
        """Reserve a section of the workspace."""
        self.header[place] = self.work_size
        self.work_size += int(size)

    def finish(self) -> Ints:
        """The block."""
        self.header[at.WORDS], self.header[at.WORK_WORDS] = self.size, self.work_size
        return np.concatenate([self.header, *self.sections])
