"""Which folders this environment can run: the plain tests need no llm-compressor."""

from importlib.util import find_spec

# Named on the command line it is left out as well: pytest then fails for want of tests.
collect_ignore = ["compress"] if find_spec("llmcompressor") is None else []
