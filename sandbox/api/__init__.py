"""The sandbox's REST and GraphQL API, as GitHub describes it."""
