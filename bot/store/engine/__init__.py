"""The engines: SQLite and PostgreSQL behind one interface, leases between processes, health, backup."""
