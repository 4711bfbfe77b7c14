"""How comments become signatures: the fold, its digest, a recount, and why somebody is not counted."""
