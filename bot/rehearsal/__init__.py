"""`rehearse`: play one story in a repository on GitHub, and compare the bot's assumptions with what GitHub does."""
