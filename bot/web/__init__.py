"""What the world reaches over HTTP: the webhook and the health of the process."""
