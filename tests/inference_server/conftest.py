"""Which folders this environment can run: the plain tests need neither torch nor vLLM."""

from importlib.util import find_spec

# Named on the command line they are left out as well: pytest then fails for want of tests.
collect_ignore = [
    folder for folder, module in (("compress", "llmcompressor"),) if find_spec(module) is None
]
