"""Extensions, installations, integrations of clients, settings and sign-ins."""
