"""The domain of an accountant: frozen values and rules, without I/O and without a framework."""
