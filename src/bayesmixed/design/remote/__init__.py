"""Designs of data that stay where they are: on disk, in a database, in a lazy frame."""
