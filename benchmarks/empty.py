"""The smallest Textual app: what any program made with it needs to be up."""

from textual.app import App

if __name__ == "__main__":
    App[None]().run()
