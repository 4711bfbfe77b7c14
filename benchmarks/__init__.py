"""Measure the running bot from outside; see CONTRIBUTING.md."""
