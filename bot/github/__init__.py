"""Everything said to GitHub and everything its deliveries mean; the only HTTP to GitHub."""
