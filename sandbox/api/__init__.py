"""GitHub's REST and GraphQL API over the sandbox's state."""
