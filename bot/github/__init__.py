"""Calls to GitHub's API and the reading of its webhook deliveries; nobody else speaks HTTP to GitHub."""
