"""The commands of `watchhouse`, by what they are for: parse, call, print."""
