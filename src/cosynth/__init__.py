"""Hardware-software co-synthesis for AI: search, map, generate, serve, measure."""
