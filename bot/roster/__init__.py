"""A tally in the forms that people take away: pictures, tables, feeds. Pure."""
