"""Shrinkage as a page with a slider, for the lecture: one file, no server, no network."""

import bayesmixed as bm

pooled = bm.pooling("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), method="reml")
print("Four models of the same rows:")
print(pooled.models())

print("\nCross-validated errors:")
print(pooled.errors())

print("\nOpen in a browser:", pooled.explorer("shrinkage.html"))
