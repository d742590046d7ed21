"""Files of the bot to raw tables: read, vetted, kept exactly once."""
