"""The machine that a fit runs on: its memory, and threads of linear algebra beside threads of ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from bayesmixed.engines.records import Footprint, SamplerSettings
from bayesmixed.errors import SamplingError

WORD = 8
STATISTICS = 30
"""Numbers that nutpie keeps of a draw beside the point."""

COPIES_SAMPLED, COPIES_EFFECTS = 2, 2.5
"""How often draws are held beside nutpie's own, and random effects while they are judged; measured."""

UNKNOWN = 2**40
"""Bytes taken to be free where the system does not say: what no machine has is refused all the same."""

CONTROL_GROUP = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
MEMINFO = Path("/proc/meminfo")


def needed_bytes(footprint: Footprint, settings: SamplerSettings, thin: int) -> int:
    """Memory that a run needs at its height."""
    longer = settings.times(thin)
    made, walked = longer.draws + longer.tune, footprint.sampled + STATISTICS
    kept = footprint.effects - (footprint.spared if settings.keep_ranef == "moments" else 0)
    while_sampling = made * walked + COPIES_SAMPLED * longer.draws * walked
    afterwards = longer.draws * walked + COPIES_EFFECTS * settings.draws * kept
    return int(WORD * settings.chains * max(while_sampling, afterwards))


def free_bytes() -> int:
    """Memory that this process can still have, as far as the system says."""
    limits = [int(text) for path in CONTROL_GROUP if (text := _text(path).strip()).isdecimal()]
    for line in _text(MEMINFO).splitlines():
        if line.startswith("MemAvailable:"):
            limits.append(1024 * int(line.split()[1]))
    if not limits and "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(limits, default=UNKNOWN)


def check_room(footprint: Footprint, settings: SamplerSettings, thin: int) -> None:
    """Refuse a run that does not fit into memory.

    The parameters are those of `needed_bytes`.
    """
    needed, free = needed_bytes(footprint, settings, thin), free_bytes()
    if needed > free:
        raise SamplingError(
            f"{settings.draws} draws of {settings.chains} chains need about {needed / 1e9:,.1f} GB, and "
            f"{free / 1e9:,.1f} GB are free. {_advice(footprint, settings)}"
        )


def out_of_memory(footprint: Footprint, settings: SamplerSettings) -> SamplingError:
    """Error of a run that found no memory although there seemed to be enough."""
    return SamplingError(
        f"There is not enough memory for {settings.draws} draws of {settings.chains} chains. "
        f"{_advice(footprint, settings)}"
    )


def _advice(footprint: Footprint, settings: SamplerSettings) -> str:
    """What to ask for instead: moments if they make the difference of half."""
    fewer = "Use fewer draws= or chains=."
    if settings.keep_ranef == "moments" or 2 * footprint.spared < footprint.sampled + STATISTICS:
        return fewer
    return (
        f'Most of it holds the draws of {footprint.spared:,} random effects: keep_ranef="moments" keeps '
        f"moments in their place. Or use fewer draws= or chains=."
    )


def _text(path: Path) -> str:
    """What a file says, nothing where there is none."""
    try:
        return path.read_text()
    except OSError:
        return ""


@cache
def _controller() -> Any:
    """Handle on the BLAS libraries that are loaded; finding them takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class _SharedLimit:
    """The limit that blocks share, nested or in several threads: the first sets it, the last lifts it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.inside: set[object] = set()
        self.limiter: Any = None

    def begin(self, block: object) -> None:
        """Limit BLAS unless another block has."""
        with self.lock:
            if not self.inside:
                self.limiter = _controller().limit(limits=1, user_api="blas")
            self.inside.add(block)

    def end(self, block: object) -> None:
        """Give BLAS its threads back unless another block is left."""
        with self.lock:
            self.inside.discard(block)
            if not self.inside and self.limiter is not None:
                self.limiter.restore_original_limits()
                self.limiter = None


_limit = _SharedLimit()


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Limit BLAS to one thread inside the block.

    Use it around everything that evaluates the kernel. Blocks may overlap.
    """
    block = object()
    try:
        _limit.begin(block)
        yield
    finally:
        _limit.end(block)
