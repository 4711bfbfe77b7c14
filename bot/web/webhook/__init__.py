"""`POST /webhook`: admission, checks and recording of deliveries, and how many of them are logged."""
