"""Make GitHub agree with our rows, and our rows with GitHub."""
