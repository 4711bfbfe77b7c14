"""A GitHub on your machine: its state, its API and its deliveries, for `demo` and for every test."""
