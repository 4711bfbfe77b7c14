"""The HTTP server: the webhook, the pages and API, and monitoring."""
