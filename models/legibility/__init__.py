"""How well restored text can be read: a recogniser of lines, Tesseract beside it, and errors by size and script."""
