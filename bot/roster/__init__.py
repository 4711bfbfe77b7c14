"""A tally in the forms that people take away: pictures, tables, feeds. Nothing here reads or writes."""
