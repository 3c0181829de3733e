"""The commands that print instead of opening the screen: one module each, same engine as the screen.

Inputs: an open :class:`~scaptui.core.capture.Capture` and parsed arguments. Output: text, tab-separated
values or JSON on standard output, through :mod:`.output`.
"""
