"""What goes wrong while a network is converted."""


class ConversionError(Exception):
    """A network cannot be converted, or the converter cannot be used; the text says what to do."""
