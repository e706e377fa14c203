"""The command line of the edge node: `run`, `check-config`, `judge` and `eval`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from omnicam import __version__
from omnicam.config.added import CameraBook
from omnicam.config.errors import ConfigError
from omnicam.config.model import NodeSettings
from omnicam.taxonomy import AnomalyClass

EXIT_WRONG_USE = 2
EXIT_FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when all went well, 1 when not, 2 for a wrong configuration."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    if options.command == "judge":
        return _judge(options.files, options.model)
    if options.command == "eval":
        return _evaluate(options)
    try:
        book = CameraBook.open(options.config)
        settings = book.settings
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_WRONG_USE
    problems = _unusable_words(settings) or _unusable_pack(settings)
    if problems:
        print(problems, file=sys.stderr)
        return EXIT_WRONG_USE
    if options.command == "check-config":
        cameras = ", ".join(camera.id for camera in settings.cameras)
        print(f"{options.config}: good; node {settings.node}, cameras: {cameras}")
        if unsure := _unsure_words(settings):
            print(unsure)
        return 0
    return _run(book, until_finished=options.until_finished)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="omnicam", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--verbose", action="store_true", help="log what happens in detail")
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run", help="watch the cameras of a configuration file")
    runner.add_argument("--config", type=Path, required=True)
    runner.add_argument(
        "--until-finished", action="store_true", help="end when all cameras are files and are over"
    )
    checker = commands.add_parser("check-config", help="say what is wrong with a configuration")
    checker.add_argument("config", type=Path)
    judge = commands.add_parser("judge", help="judge recordings and print their events as JSON")
    judge.add_argument("files", type=Path, nargs="+")
    judge.add_argument("--model", type=Path, help="pose model, if not the installed one")
    _add_evaluation(commands.add_parser("eval", help="measure on labelled recordings"))
    return parser


def _add_evaluation(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Play every recording of a manifest through capture, detect and decide, and print what "
        "was found, what was false and what it cost. The exit code is 0 when every recording was "
        "judged, 1 when one could not be or has an unknown label, 2 when the manifest cannot be "
        "used."
    )
    parser.add_argument(
        "manifest", type=Path, help="CSV file with path and label, perhaps duration and onset_s"
    )
    parser.add_argument("--root", type=Path, required=True, help="folder that the paths start from")
    parser.add_argument(
        "--class",
        dest="classes",
        action="append",
        choices=list(AnomalyClass),
        type=AnomalyClass,
        help="judge this class alone; may be given several times",
    )
    parser.add_argument("--onsets", type=Path, help="CSV file with path and onset_s, seconds")
    parser.add_argument("--jobs", type=int, help="recordings at a time, default: one for each core")
    parser.add_argument("--model", type=Path, help="pose model, if not the installed one")
    parser.add_argument(
        "--verify",
        metavar="URL",
        help="ask the model at this OpenAI-compatible address, too, such as http://HOST:8000/v1",
    )
    parser.add_argument("--verify-name", default="qwen3-omni", help="name of the model there")
    parser.add_argument("--verify-token-file", type=Path, help="file that holds its token")
    parser.add_argument(
        "--calibrate",
        metavar="DIR",
        type=Path,
        help="write the lines by which a node reads the model's word into model.json in this "
        "folder, its data folder while it does not run",
    )
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--timing", type=Path, help="write what each recording cost here")
    parser.add_argument("--report", type=Path, help="write an HTML page with pictures here")


def _unusable_words(settings: NodeSettings) -> str:
    """Say which words of the spoken trigger cannot be recognised; empty when all can."""
    from omnicam.detect.sound.words import check_words

    try:
        check_words(settings.words)
    except ValueError as error:
        return f"words: {error}"
    return ""


def _unusable_pack(settings: NodeSettings) -> str:
    """Say why the YAMNet that the settings name cannot be used; empty when it can or none is."""
    from omnicam.detect.sound.yamnet import YamnetError, check_yamnet

    try:
        if settings.sound.yamnet is not None:
            check_yamnet(settings.sound.yamnet)
    except YamnetError as error:
        return f"sound.yamnet: {error}"
    return ""


def _unsure_words(settings: NodeSettings) -> str:
    """Say which words no model was trained for; empty when there are none."""
    from omnicam.detect.sound.words import TRAINED, untrained

    names = ", ".join(untrained(settings.words))
    if not names:
        return ""
    return (
        f"words: {names}: recognised by a general recogniser, which is less sure; on its own such "
        f"a word is for review and no alarm. Trained words: {', '.join(TRAINED)}"
    )


def _run(book: CameraBook, *, until_finished: bool) -> int:
    from omnicam.detect.pose.model import ModelMissingError
    from omnicam.node.run import StartError, run
    from omnicam.serve.certificate import CertificateError
    from omnicam.serve.server import PortError

    async def watch() -> list[str]:
        # Not in a task group: it would wrap the errors that are told below.
        running = asyncio.create_task(run(book, until_finished=until_finished))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        return await running

    failures: list[str] = []
    try:
        with contextlib.suppress(asyncio.CancelledError):
            failures = asyncio.run(watch())
    except (StartError, PortError, CertificateError, ModelMissingError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    for failure in failures:
        print(failure, file=sys.stderr)
    return EXIT_FAILED if failures else 0


def _judge(files: Sequence[Path], model: Path | None) -> int:
    from omnicam.judge import print_events

    return EXIT_FAILED if print_events(files, model) else 0


def _evaluate(options: argparse.Namespace) -> int:
    from omnicam.config.load import model_of
    from omnicam.evaluate.command import Options, cores, evaluate

    given = {"url": options.verify, "name": options.verify_name, "deadline_s": 20}
    if options.verify_token_file is not None:
        given["token_file"] = str(options.verify_token_file.absolute())
    try:
        verify = model_of(given) if options.verify is not None else None
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_WRONG_USE
    return evaluate(
        Options(
            manifest=options.manifest,
            root=options.root,
            classes=frozenset(options.classes or AnomalyClass),
            jobs=options.jobs or cores(),
            onsets=options.onsets,
            model=options.model,
            json=options.json,
            timing=options.timing,
            report=options.report,
            verify=verify,
            calibrate=options.calibrate,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
