"""Extensions, installations, activation for a client, settings and sign-ins."""
