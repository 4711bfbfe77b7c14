"""GitHub's REST and GraphQL API of the sandbox."""
