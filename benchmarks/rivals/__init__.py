"""Servers that ours is compared with, each in a process of its own."""
