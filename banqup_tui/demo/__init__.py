"""The sample firm: an invented practice with clients, suppliers and documents that read like real ones.

Companies are made up. Their numbers have check digits that fit, but lie in a range that is given to nobody (09…).
"""
