"""What of these tests needs vLLM: the rest runs in the edge node's environment too."""

from importlib.util import find_spec

collect_ignore = (
    ["test_compressed.py", "test_environment.py", "test_served.py"]
    if find_spec("vllm") is None
    else []
)
