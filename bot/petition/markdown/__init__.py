"""Read Markdown as GitHub does, as far as we need it: blocks, lines of text, and what a letter leaves open."""
