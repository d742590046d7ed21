"""The trend report: panels of SQL over the published warehouse, drawn into one offline page."""
