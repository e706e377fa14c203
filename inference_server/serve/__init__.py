"""Serving the model with vLLM: checked first, guarded by a token, watched, restarted.

    checks -> options -> supervisor -> vLLM's own server, with `guard` in front of it

`options` and `guard` are pure or need the standard library only; torch and vLLM are imported by
nothing here but `vllm_plugin`, which runs inside vLLM.
"""
