"""Printed tables: text and HTML from the same cells."""
