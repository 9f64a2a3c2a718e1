"""Process of the SFTP drop, so that senders and strangers cannot slow down the service.

The service starts the process and answers its questions: the account of a name, and to store a file. The sender gets
its confirmation only after the answer. The two talk over a socket pair, and the process ends with the service.
"""
