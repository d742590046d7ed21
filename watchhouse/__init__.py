"""The command `watchhouse`: checks, reports and upkeep over the warehouse."""
