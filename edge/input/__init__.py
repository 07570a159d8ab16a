"""What a user types: keysyms, and the sign-in form that takes them."""
