"""Record what GitHub told: one transaction for a whole group of facts, and what follows from them."""
