"""The one pass over the events: numba kernels and the driver around them."""
