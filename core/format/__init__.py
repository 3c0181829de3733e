"""The scap file: codecs, blocks, metadata, reader and writer."""
