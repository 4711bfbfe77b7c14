"""Read what a damaged SQLite database still holds, and make a consistent database of it."""
