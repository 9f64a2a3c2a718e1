"""The sample firm: an invented practice with clients, suppliers and documents that read like real ones.

Companies are invented. Their numbers have correct check digits, but are in a range that is not assigned (09…).
"""
