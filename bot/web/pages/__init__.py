"""The pages that people read, and the events that keep them up to date."""
