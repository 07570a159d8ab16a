"""Shows a picture and hands over what its user does."""
