"""A petition in the formats that people take away: JSON, CSV, Atom, SVG, and the pack with its printable paper."""
