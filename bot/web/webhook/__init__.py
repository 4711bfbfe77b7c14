"""`POST /webhook`: buffering, verification, recording and logging of deliveries."""
