"""REML and the posterior beside each other, each parameter on its own scale."""

import sys

import pandas as pd

import bayesmixed as bm
from bayesmixed.plots import versus

sleep = bm.load_dataset("sleepstudy")
posterior = bm.lmer("Reaction ~ Days + (Days | Subject)", sleep, draws=500, seed=1)
tables = {"REML": posterior.reml().fixef(), "posterior": posterior.fixef()}
columns = {"term": "parameter", "lower_2.5": "lower", "upper_97.5": "upper"}
frame = pd.concat(table.rename(columns=columns).assign(method=method) for method, table in tables.items())
ax = versus(frame)[0]
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "versus.png", dpi=120)
