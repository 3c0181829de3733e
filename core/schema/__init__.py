"""The event catalogue, flag tables, errno and signals: data and its loader."""
