"""What is wrong with an installation: facts are collected, then checked, and each finding says what to do."""
