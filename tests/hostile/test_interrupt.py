"""Ctrl-C: no traceback and no thread that goes on; what was drawn comes back if it is enough."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import bayesmixed as bm
from bayesmixed.engines.nuts import chains_worth_keeping, load_nutpie
from bayesmixed.engines.records import SamplerSettings
from bayesmixed.fits.mixed_fit import MixedFit
from bayesmixed.posterior.sampling import INTERRUPTED
from bayesmixed_program import ctrl_c_waits

SOURCE = Path(__file__).resolve().parents[2] / "src"
LONG: dict[str, Any] = {
    "draws": 200_000,
    "tune": 200,
    "chains": 5,
    "cores": 2,
    "adapt": False,
    "seed": 1,
}
"""Three chains begin when two have made all their draws: never, here."""


def lmer(**options: Any) -> MixedFit:
    data = bm.load_dataset("sleepstudy")
    fit: MixedFit = bm.lmer("Reaction ~ Days + (Days | Subject)", data, **{**LONG, **options})
    return fit


def glmer(**options: Any) -> MixedFit:
    data = bm.load_dataset("cbpp")
    return bm.glmer("incidence ~ period + (1 | herd)", data, "poisson", **{**LONG, **options})


FITS: dict[str, Callable[..., MixedFit]] = {
    "lmer": lmer,
    "lmer, moments": lambda **options: lmer(keep_ranef="moments", **options),
    "glmer": glmer,
}
GRAPH = pytest.param("pymc", marks=pytest.mark.slow)
FITS["pymc"] = lambda **options: lmer(engine="pymc", **options)


@pytest.fixture
def press_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make the wait for the chains end as Ctrl-C ends it, once two have made some draws, tuning included."""

    def prepare(made: int) -> None:
        def wait(self: Any, **_: Any) -> None:
            while True:
                with suppress(TimeoutError):
                    self._sampler.wait(0.02)
                    raise KeyboardInterrupt
                _, stats = self._sampler.inspect().get_arrow_trace()
                if sum(pa.record_batch(chain).num_rows >= made for chain in stats) >= 2:
                    raise KeyboardInterrupt

        load_nutpie()
        monkeypatch.setattr(sys.modules["nutpie.sample"]._BackgroundSampler, "wait", wait)

    return prepare


@pytest.mark.filterwarnings("ignore:(?!Sampling was interrupted):bayesmixed.ConvergenceWarning")
@pytest.mark.parametrize("name", ["lmer", "lmer, moments", "glmer", GRAPH])
def test_chains_that_have_not_begun_are_left_out(press_after: Callable[[int], None], name: str) -> None:
    press_after(400)
    with pytest.warns(bm.ConvergenceWarning, match=INTERRUPTED):
        fit = FITS[name]()
    assert fit.run.chains == 2
    assert 100 <= fit.run.draws < LONG["draws"]
    posterior = fit.draws["posterior"]
    assert dict(posterior.sizes).items() >= {"chain": 2, "draw": fit.run.draws}.items()
    assert all(np.isfinite(variable).all() for variable in posterior.data_vars.values())


@pytest.mark.parametrize("name", ["lmer", "glmer", GRAPH])
def test_too_few_draws_are_an_interruption(press_after: Callable[[int], None], name: str) -> None:
    press_after(0)
    with pytest.raises(KeyboardInterrupt, match="before two chains"):
        FITS[name](tune=100_000)


@pytest.mark.filterwarnings("ignore:(?!Sampling was interrupted):bayesmixed.ConvergenceWarning")
@pytest.mark.parametrize("name", ["lmer", "glmer"])
def test_no_longer_run_follows_a_complete_one(press_after: Callable[[int], None], name: str) -> None:
    """The chains are through when Ctrl-C comes, and 200 draws of two of them are not good enough."""
    press_after(10**9)
    with pytest.warns(bm.ConvergenceWarning, match="no longer run was made"):
        fit = FITS[name](draws=150, chains=2, adapt=True)
    assert (fit.run.thin, fit.run.draws, fit.run.chains) == (1, 150, 2)


def test_pooling_gives_what_there_is(press_after: Callable[[int], None]) -> None:
    press_after(10**9)
    with pytest.warns(bm.ConvergenceWarning, match=INTERRUPTED):
        pooled = bm.pooling("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), seed=1)
    assert len(pooled.table()) == 36


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([1000, 1000, 1000, 1000], ([0, 1, 2, 3], 1000)),
        ([500, 0, 400, 0], ([0, 2], 400)),
        ([1000, 1000, 120, 110], ([0, 1], 1000)),
        ([700, 1000, 1000, 99], ([0, 1, 2], 700)),
        ([600, 400, 400, 300], ([0, 1, 2, 3], 300)),
        ([1000, 99, 99, 0], None),
        ([0, 0, 0, 0], None),
    ],
)
def test_the_most_draws_are_kept(lengths: list[int], expected: tuple[list[int], int] | None) -> None:
    """At equal numbers of draws, as 2 x 600, 3 x 400 and 4 x 300, of more chains."""
    settings = SamplerSettings(draws=1000, chains=4)
    if expected is None:
        with pytest.raises(KeyboardInterrupt):
            chains_worth_keeping(lengths, settings)
    else:
        assert chains_worth_keeping(lengths, settings) == expected


PROGRAM = """
import os, signal, threading, time
import bayesmixed as bm

data = bm.load_dataset("sleepstudy")
formula = "Reaction ~ Days + (Days | Subject)"
bm.lmer(formula, data, draws=50, chains=2, adapt=False, seed=1)
threading.Timer({after}, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    bm.lmer(formula, data, draws=1_000_000, tune={tune}, chains=4, cores=2, adapt=False, seed=1)
    print("fit")
except KeyboardInterrupt:
    print("KeyboardInterrupt")
time.sleep(0.5)
busy = time.process_time()
time.sleep(1)
print(time.process_time() - busy < 0.2)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(
    ("after", "tune", "end"), [(5.0, 300, "fit"), (1.0, 10_000_000, "KeyboardInterrupt")]
)
def test_a_signal_ends_the_chains(after: float, tune: int, end: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM.format(after=after, tune=tune)],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert (done.returncode, done.stdout.split()) == (0, [end, "True"]), done.stderr


PRESSED = """
import _thread, os, signal, sys
import bayesmixed_program as program

def main():
    {body}

program._main = main
sys.exit(program.run())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("return 0", 0),
        ("return 2", 2),
        ("os.kill(os.getpid(), signal.SIGINT); return 0", 130),
        ("import atexit; atexit.register(os.kill, os.getpid(), signal.SIGINT); return 0", 0),
        # A partial fit is printed, a library makes another error of it, a destructor loses it:
        ("try: os.kill(os.getpid(), signal.SIGINT)\n    except KeyboardInterrupt: return 0", 130),
        ("try: os.kill(os.getpid(), signal.SIGINT)\n    except KeyboardInterrupt: import no_such", 130),
        (
            "class Torn:\n        def __del__(self): os.kill(os.getpid(), signal.SIGINT); [1].copy()\n"
            "    torn = Torn()\n    del torn\n    for _ in range(1000): pass\n    return 0",
            130,
        ),
    ],
)
def test_the_program_ends_with_its_code_and_without_a_traceback(body: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRESSED.format(body=body)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert (done.returncode, done.stderr) == (code, "")


def test_ctrl_c_is_answered_when_what_loads_is_whole() -> None:
    before = signal.getsignal(signal.SIGINT)
    done = []

    def load() -> None:
        with ctrl_c_waits():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        load()
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_that_is_not_answered_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ctrl_c_waits():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


AGAIN = """
import os, signal, sys, warnings
import bayesmixed as bm

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r} and self in sys.meta_path:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

warnings.simplefilter("ignore")
data = bm.load_dataset("Dyestuff")
sys.meta_path.insert(0, Press())
for _ in range(2):
    try:
        fit = bm.lmer("Yield ~ 1 + (1 | Batch)", data, draws=100, tune=100, chains=2, adapt=False, seed=1)
        str(fit), str(bm.lmer("Yield ~ 1 + (1 | Batch)", data, method="reml"))
        print(fit.fixef()["term"].tolist())
    except KeyboardInterrupt:
        print("interrupted")
"""
LOADED = ("xarray.core.dataset", "numba.core.types", "numba.cpython", "formulaic.errors", "arviz_stats.base")


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(
    "name", ["numba.cpython.unicode", *(pytest.param(name, marks=pytest.mark.slow) for name in LOADED)]
)
def test_a_fit_follows_one_that_was_interrupted_while_libraries_loaded(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AGAIN.format(name=name)],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert done.stdout.split("\n") == ["interrupted", "['Intercept']", ""], done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_the_module_ends_without_a_traceback_while_the_package_loads(tmp_path: Path) -> None:
    (tmp_path / "pandas.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    done = subprocess.run(
        [sys.executable, "-m", "bayesmixed", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{SOURCE}"},
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
