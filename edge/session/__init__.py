"""The asyncio shell: the one room that knows several others."""
