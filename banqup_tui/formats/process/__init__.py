"""The reader process, in which documents are parsed: a file that breaks or exhausts a reader ends only this process.

`client` starts such processes and asks them, `__main__` runs in them, `confinement` takes from them what a reader does
not need (files, network, unlimited memory), and `messages` has the requests and answers.
"""
