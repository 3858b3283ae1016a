"""The compiled functions that the engines share."""
