"""What the server has sent and what is shown: low and high resolution, their damage and their certainty."""
