"""Record what GitHub reported: one transaction for a whole group of facts, and what follows from them."""
