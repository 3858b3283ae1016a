"""What fits a model, and the fits that come back."""
