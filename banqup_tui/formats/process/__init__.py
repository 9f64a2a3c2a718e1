"""The process in which documents from outside are read: a file that breaks or exhausts a reader ends this process only.

`client.py` starts such processes and asks them, `__main__.py` is what runs there, `confinement.py` takes from it what a
reader does not need (files, network, memory without end), and `messages.py` is what both sides say.
"""
