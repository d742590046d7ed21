"""`watchhouse sql`: questions to the published warehouse, and nothing but questions."""
