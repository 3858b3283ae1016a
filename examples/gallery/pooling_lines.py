"""Complete, no and partial pooling on the rows of some subjects."""

import sys

import bayesmixed as bm

pooled = bm.pooling("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
ax = pooled.plot.lines()[0]
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "pooling_lines.png", dpi=120)
