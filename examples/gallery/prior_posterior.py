"""Prior beside posterior of every parameter."""

import sys

import bayesmixed as bm

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), seed=1)
axes = fit.plot.prior_posterior()
axes[0].figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "prior_posterior.png", dpi=120)
