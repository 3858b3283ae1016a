"""Every script of the gallery runs in silence and writes a picture with something on it."""

from __future__ import annotations

import runpy
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

mpl.use("Agg")
GALLERY = sorted((Path(__file__).resolve().parents[1] / "examples" / "gallery").glob("*.py"))


@pytest.mark.parametrize("script", GALLERY, ids=lambda script: script.stem)
def test_script_writes_its_picture(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / f"{script.stem}.png"
    monkeypatch.setattr("sys.argv", [str(script), str(target)])
    runpy.run_path(str(script), run_name="__main__")
    plt.close("all")
    picture = plt.imread(target)
    assert np.unique(picture.reshape(-1, picture.shape[-1]), axis=0).shape[0] > 10
    assert capsys.readouterr().out == ""
