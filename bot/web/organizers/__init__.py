"""The pages of a petition for its organizers."""
