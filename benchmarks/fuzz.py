"""Hostile input by the hundred thousand: formulas, frames, responses, saved fits, names and spellings.

``PYTHONPATH=src python benchmarks/fuzz.py`` runs 100,000 formulas, 2,000 frames, 2,000 responses, 10,000
saved fits with changed bits, fields and nesting, 10,000 renamings and 10,000 spellings through the checks of
``tests/hostile`` (an hour) and prints how many were accepted, refused and wrong; ``--formulas``, ``--frames``
and so on change the numbers. It ends with an error when one broke: a foreign exception, a hang, code that
ran, changed data, a fit whose criterion is not that of the dense normal density, new responses of some family
and link whose mean is not the one predicted, a file that is neither refused nor a whole fit, or an answer
that is another one when columns are called or terms are spelled otherwise.

A renaming gives columns of a model names that the package uses somewhere; its design and priors, and what
one verb of a posterior or of a REML fit answers, are compared number by number with those of plain names.
Draws of the posterior are those of one tiny run for each model: its arrays being the same, bit by bit, so are
the draws. A spelling writes formula and names in another way, and is compared in the same manner.
"""

from __future__ import annotations

import argparse
import importlib
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy, integers

BATCH = 500
"""Examples that one generator makes before it begins anew with another seed."""


def fuzz(strategy: SearchStrategy[Any], judge: Callable[[Any], str], n: int, first_seed: int) -> Counter[str]:
    """Judge n examples.

    Parameters
    ----------
    strategy : SearchStrategy
        Makes examples.
    judge : callable
        From an example to a word; raises when it broke something.
    n : int
        How many.
    first_seed : int
        Of the first batch.

    Returns
    -------
    Counter
        How often each word came, ``"BROKE"`` among them.
    """
    counts: Counter[str] = Counter()

    def one(example: Any) -> None:
        if counts.total() >= n:
            return
        try:
            counts[judge(example)] += 1
        except Exception:
            counts["BROKE"] += 1
            print(f"BROKE: {example!r}\n{traceback.format_exc(limit=-3)}", flush=True)

    batch = 0
    while counts.total() < n:
        options = settings(
            max_examples=min(BATCH, n - counts.total()),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(first_seed + batch)(options(given(strategy)(one)))()
        batch += 1
        if batch % 10 == 0:
            print(dict(counts), flush=True)
    return counts


def main() -> None:
    """Run all and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--formulas", type=int, default=100_000)
    parser.add_argument("--frames", type=int, default=2_000)
    parser.add_argument("--responses", type=int, default=2_000)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--renamings", type=int, default=10_000)
    parser.add_argument("--spellings", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    modules = ("formulas", "frames", "responses", "files", "renamings", "spellings")
    formulas, frames, responses, files, renamings, spellings = (
        importlib.import_module(f"hostile.{name}") for name in modules
    )
    folder = Path(tempfile.mkdtemp())
    saved = files.original(folder)
    warnings.simplefilter("error")
    formulas.watch()
    kinds: dict[str, tuple[Any, Callable[[Any], str], int]] = {
        "formulas": (formulas.FORMULAS, formulas.verdict, chosen.formulas),
        "frames": (frames.frames(), lambda pair: str(frames.verdict(*pair, fit=True)), chosen.frames),
        "responses": (responses.cases(), responses.verdict, chosen.responses),
        "files": (integers(0, 2**63), lambda n: files.verdict(saved, n, folder / "changed"), chosen.files),
        "renamings": (renamings.renamings(slow=True), renamings.verdict, chosen.renamings),
        "spellings": (spellings.spellings(slow=True), spellings.verdict, chosen.spellings),
    }
    broke = 0
    for name, (strategy, judge, n) in kinds.items():
        started = time.perf_counter()
        counts = fuzz(strategy, judge, n, chosen.seed)
        broke += counts["BROKE"]
        listed = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        print(f"{counts.total()} {name}: {listed}; {time.perf_counter() - started:.0f} s", flush=True)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {megabytes:.0f} MB")
    sys.exit(1 if broke else 0)


if __name__ == "__main__":
    main()
