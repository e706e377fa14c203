"""Verdicts by vLLM's own engine, in the process of its HTTP server.

A window is written, cut and hashed once. Its questions go to the engine as requests that share the
prompt's tokens and media and differ in the last tokens: the scheduler gets them together (see
`together`), so one step computes pictures, sound and shared prompt once, and of each question only
its own tokens. Log-probabilities of the words for Yes and No come from the whole vocabulary.

**Other ways that were weighed.** One prompt with all questions, read at nine places, would save
the eight further requests. But a question would see those before it: its answer, and so its
calibration, would depend on what else was asked, and the node asks only what it suspects. And the
engine needs only 7 ms more for nine questions than for one (H100, 62 and 69 ms): there is little
to win. `prompt_logprobs` leaves the prefix cache out.
"""

from __future__ import annotations

import asyncio
import copy
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from inference_server.serve import together
from inference_server.serve.verdict.answers import Vocabulary
from inference_server.serve.verdict.features import Features, Medium, modality
from inference_server.serve.verdict.interface import Reply, Window, WindowError
from inference_server.serve.verdict.prompt import Prompts, Writer

_THREADS = 8
"""That prepare media: numpy and torch let go of Python's lock while they work."""

_MIRRORS = frozenset({"MultiModalProcessorSenderCache", "LruKeyReplicatedSenderCache"})
"""vLLM's caches (0.24, 0.32) that mirror the engine's and hold no data: what the first request
brought is there for the others. To any other kind everything is given each time."""

_MARKS = {"image": "image_token", "video": "video_token", "audio": "audio_token"}


class EngineJudge:
    """Answers questions with a running engine."""

    def __init__(self, engine: Any, *, gathered: bool = True) -> None:
        """Read the model's sizes, words and template from the engine.

        Args:
            engine: vLLM's `AsyncLLM`.
            gathered: whether a window's questions wait for one another in front of the scheduler.

        Raises:
            ValueError: the model cannot be asked so.
        """
        config = engine.vllm_config
        renderer = engine.renderer
        processor = renderer.get_mm_processor()
        theirs = processor.info.get_hf_processor()
        # One of its own: vLLM uses its in other threads, which tokenizers do not bear.
        tokenizer = copy.deepcopy(renderer.get_tokenizer())
        self.gathered = gathered
        self._engine = engine
        self._renderer = renderer
        self._features = Features.of(processor, config.model_config.dtype)
        template = getattr(tokenizer, "chat_template", None) or theirs.chat_template
        marks = {kind: getattr(theirs, name) for kind, name in _MARKS.items()}
        self._writer = Writer(tokenizer, template, marks)
        self._words = Vocabulary.of(lambda text: tokenizer.encode(text, add_special_tokens=False))
        self._most = {
            kind: config.model_config.multimodal_config.get_limit_per_prompt(kind)
            for kind in _MARKS
        }
        self._room = config.model_config.max_model_len - 1
        parallel = config.parallel_config
        self._ranks = int(parallel.data_parallel_size)
        self._threads: Executor = ThreadPoolExecutor(
            _THREADS, thread_name_prefix="verdict", initializer=_share_cores
        )
        # What is sent to the engine once must be sent before what leans on it.
        self._order = asyncio.Lock()

    async def judge(self, window: Window, questions: Mapping[str, str]) -> Reply:
        """See `interface.Judge`."""
        self._check(window)
        loop = asyncio.get_running_loop()
        lengths = [
            self._features.tokens(medium, f"messages: medium {number}")
            for number, medium in enumerate(window.media, 1)
        ]
        known = self._known([medium.digest for medium in window.media])
        work = [
            loop.run_in_executor(self._threads, self._features.item, medium)
            for medium, is_known in zip(window.media, known, strict=True)
            if not is_known
        ]
        try:
            prompts = self._writer.write(window, questions, lengths)
            self._check_room(prompts)
            made = iter([await each for each in work])
        except BaseException:
            for each in work:
                each.cancel()
            raise
        items = [None if is_known else next(made) for is_known in known]
        finished = await self._ask(window, prompts, items)
        return self._read(prompts, finished)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, window: Window, prompts: Prompts, items: Sequence[Any]) -> Sequence[Any]:
        """Send all requests and wait for all; where one fails or nobody waits, all are given up."""
        from vllm.inputs.engine import mm_input, tokens_input

        group = uuid.uuid4().hex
        count = len(prompts.tails)
        params = self._params()
        await self._engine.get_supported_tasks()  # asked once: nothing may wait between requests
        rank = int(window.media[0].digest[:8], 16) % self._ranks if window.media else None
        async with self._order:
            first, later = await self._cached(window.media, items)
            tasks = []
            for number, tail in enumerate(prompts.tails.values()):
                tokens = [*prompts.head, *tail]
                prompt = (
                    mm_input(tokens, *_by_kind(window.media, later if number else first, prompts))
                    if window.media
                    else tokens_input(tokens)
                )
                name = (
                    together.name(group, number, count)
                    if self.gathered
                    else f"verdict-{group}-{number}"
                )
                tasks.append(
                    asyncio.create_task(
                        self._one(prompt, params, name, rank if self._ranks > 1 else None)
                    )
                )
            # Let each run to where it has sent its request.
            await asyncio.sleep(0)
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _one(self, prompt: Any, params: Any, name: str, rank: int | None) -> Any:
        answers = self._engine.generate(prompt, params, name, data_parallel_rank=rank)
        return [answer async for answer in answers][-1]

    def _params(self) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        return SamplingParams(
            max_tokens=1,
            temperature=0.0,
            logprob_token_ids=list(self._words.all),
            detokenize=False,
            output_kind=RequestOutputKind.FINAL_ONLY,
            skip_clone=True,
        )

    def _known(self, digests: Sequence[str]) -> list[bool]:
        cache = self._renderer.mm_processor_cache
        if cache is None:
            return [False] * len(digests)
        return [cache.is_cached_item(digest) for digest in digests]

    async def _cached(
        self, media: Sequence[Medium], items: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        """Give what the first request sends of each medium, and what the others do.

        The cache here mirrors the engine's: what it knows is not sent.
        """
        cache = self._renderer.mm_processor_cache
        if cache is None:
            return list(items), list(items)
        loop = asyncio.get_running_loop()
        first = []
        for medium, given in zip(media, items, strict=True):
            item = given
            if item is None and not cache.is_cached_item(medium.digest):
                # It was thrown out while the others were prepared.
                item = await loop.run_in_executor(self._threads, self._features.item, medium)
            entry: tuple[Any, list[Any]] | None = None if item is None else (item, [])
            first.append(cache.get_and_update_item(entry, medium.digest)[0])
        self._renderer.update_mm_cache_stats()
        only_once = type(cache).__name__ in _MIRRORS
        return first, [None] * len(first) if only_once else first

    def _read(self, prompts: Prompts, finished: Sequence[Any]) -> Reply:
        log_odds, share = {}, {}
        for name, output in zip(prompts.tails, finished, strict=True):
            (found,) = output.outputs[0].logprobs
            values = {token: entry.logprob for token, entry in found.items()}
            log_odds[name], share[name] = self._words.read(values)
        return Reply(
            log_odds,
            share,
            sum(len(output.prompt_token_ids) for output in finished),
            sum(output.num_cached_tokens or 0 for output in finished),
        )

    def _check(self, window: Window) -> None:
        kinds = [modality(medium) for medium in window.media]
        for kind, most in self._most.items():
            if (count := kinds.count(kind)) > most:
                raise WindowError("messages", f"{count} parts of kind {kind}: at most {most}")

    def _check_room(self, prompts: Prompts) -> None:
        for name, tail in prompts.tails.items():
            if (count := len(prompts.head) + len(tail)) > self._room:
                raise WindowError(
                    f"questions.{name}",
                    f"the prompt has {count} tokens and the server takes {self._room}: give fewer "
                    "or smaller pictures, or serve with a larger --context",
                )


def _share_cores() -> None:
    """Let each thread have two of torch's own at most: several media are prepared at a time."""
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), 2))


def _by_kind(
    media: Sequence[Medium], items: Sequence[Any], prompts: Prompts
) -> tuple[dict[str, Any], dict[str, list[str]], dict[str, list[Any]]]:
    """Give items, hashes and places by vLLM's word for their kind."""
    from vllm.multimodal.inputs import MultiModalKwargsItems, PlaceholderRange

    kwargs: dict[str, list[Any]] = {}
    hashes: dict[str, list[str]] = {}
    places: dict[str, list[Any]] = {}
    for medium, item, place in zip(media, items, prompts.places, strict=True):
        kind = modality(medium)
        kwargs.setdefault(kind, []).append(item)
        hashes.setdefault(kind, []).append(medium.digest)
        places.setdefault(kind, []).append(PlaceholderRange(place.offset, place.length))
    return MultiModalKwargsItems(kwargs), hashes, places
