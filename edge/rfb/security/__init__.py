"""Security types, one module each: a parser `authenticate(stream, settings)` that returns the name of what was used."""
