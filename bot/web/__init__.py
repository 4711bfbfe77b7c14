"""What the world reaches over HTTP: the webhook, the pages, and the health of the process."""
