"""I/O payloads: what processes read and wrote, block by block.

Inputs: a capture and rows of its events. Outputs: blocks with their payload, the payload as text,
and whole streams to copy. Neighbours: `query` gives the rows, the TUI and the CLI show the blocks.
"""
