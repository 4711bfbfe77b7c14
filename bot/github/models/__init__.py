"""What GitHub's JSON looks like, as far as we read it: of the REST API, of webhooks, and what both share."""
