"""What ails an installation of the bot: facts are gathered first, and judged by plain functions."""
