"""How fast verdicts come: naive answers, yes/no one by one, and this project's way, in one run."""
