"""The pages of the forecast. Every figure on them comes from the functions that answer the API."""
