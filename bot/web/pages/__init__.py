"""The pages that people read, and the events that tell them of new signatures."""
