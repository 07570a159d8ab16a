"""What a user does, in the words of RFB: keysyms and pointer positions."""
