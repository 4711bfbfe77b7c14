"""A GitHub on your machine: its world, its API and its deliveries, for `demo` and for every test."""
