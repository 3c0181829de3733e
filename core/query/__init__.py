"""The filter language and the fields: text in, row masks and columns out."""
