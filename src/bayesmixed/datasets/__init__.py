"""Data sets of the mixed-model literature, bundled with their sources."""

from __future__ import annotations

from bayesmixed.datasets.load import datasets, describe_dataset, load_dataset, read_data

__all__ = ["datasets", "describe_dataset", "load_dataset", "read_data"]
