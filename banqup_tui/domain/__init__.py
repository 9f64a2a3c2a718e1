"""What an accountant talks about: frozen values and rules. No I/O, no framework."""
