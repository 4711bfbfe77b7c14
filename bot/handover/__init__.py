"""What is taken away of a petition: exports, and the pack for whoever it was addressed to."""
