"""The heart: what a petition is and how it is counted. Pure, no I/O, no clock."""
