"""Sign-in at a provider in the browser (OAuth 2.0), and the tokens that result.

The service begins a sign-in and returns the address of the provider's page, where the user signs in. The provider sends
the browser back to the service, or the user pastes the address. Tokens are stored sealed and stay in the service.
"""
