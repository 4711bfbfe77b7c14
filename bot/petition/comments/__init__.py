"""What a comment says: its versions, its author, the own text in it, and the command there."""
