"""I/O payloads: what processes read and wrote, as blocks and conversations."""
