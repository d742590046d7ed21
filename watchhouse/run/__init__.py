"""`watchhouse run`: the whole watch as one process that keeps its children going."""
