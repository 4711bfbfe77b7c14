"""Feed what strangers send to what reads it, by the million; see CONTRIBUTING.md."""
