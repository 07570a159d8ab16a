"""Keys and certificates: the device's own, enrolment, and TLS contexts made of them."""
