"""Undersigned: signatures by comment for petitions on GitHub."""
