"""Signing in at a provider in the browser (OAuth 2.0), and the tokens that come of it.

The service begins a sign-in and gives the address of the provider's page; the user signs in there; the provider sends
the browser back here, or the user brings the address back by hand. Tokens are kept sealed, and stay in the service.
"""
