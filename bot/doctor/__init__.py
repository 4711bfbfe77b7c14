"""What is wrong with an installation of the bot: facts are collected first, then checked."""
