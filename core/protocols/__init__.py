"""Protocols in the payloads of sockets: messages found in bytes, requests paired with their answers."""
