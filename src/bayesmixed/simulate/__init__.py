"""Data made from known parameters."""
