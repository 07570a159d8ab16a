"""From low resolution to high: upscaling, and what to fetch exactly instead."""
