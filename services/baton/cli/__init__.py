"""The `baton` command: reads arguments, calls one function, prints a table or JSON lines."""


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    from baton.cli.app import app

    app()
