import av
import pytest

from omnicam.capture.problems import ProblemKind, problem_of, redact
from omnicam.capture.source import Source, SourceKind, kind_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://me:p@ss@10.0.0.9:554/live", "rtsp://***@10.0.0.9:554/live"),
        ("rtsp://me@cam/live", "rtsp://***@cam/live"),
        (
            "http://cam/video?user=me&password=x&channel=1",
            "http://cam/video?user=***&password=***&channel=1",
        ),
        ("cannot open 'rtsps://a:b%40c@h/x': refused", "cannot open 'rtsps://***@h/x': refused"),
        ("rtsp://cam/live@home", "rtsp://cam/live@home"),
        ("/media/a@b.mp4", "/media/a@b.mp4"),
    ],
)
def test_secrets_are_taken_out_of_addresses(text, shown):
    assert redact(text) == shown


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("rtsp://cam/1", SourceKind.RTSP),
        ("RTSPS://cam/1", SourceKind.RTSP),
        ("http://cam/1.mjpg", SourceKind.NETWORK),
        ("rtmp://cam/1", SourceKind.NETWORK),
        ("/dev/video0", SourceKind.DEVICE),
        ("file:///media/a.mp4", SourceKind.FILE),
        ("clips/a:b.mp4", SourceKind.FILE),
    ],
)
def test_kinds_of_sources(url, kind):
    assert kind_of(url) is kind


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("rtsp://me:secret@127.0.0.1:1/live", ProblemKind.REFUSED),
        ("http://me:secret@127.0.0.1:1/live", ProblemKind.REFUSED),
        ("rtsp://me:secret@no-such-camera.invalid/live", ProblemKind.HOST_NOT_FOUND),
        ("/no/such/file.mp4", ProblemKind.NOT_FOUND),
        ("/dev/no-such-camera", ProblemKind.NOT_FOUND),
        ("/", ProblemKind.UNREADABLE),
        ("foo://me:secret@cam/live", ProblemKind.UNSUPPORTED),
    ],
)
def test_errors_of_libav_are_put_into_words_without_secrets(url, kind):
    source = Source(url=url, kind=kind_of(url))
    with pytest.raises(av.error.FFmpegError) as caught:
        av.open(url, timeout=5)
    problem = problem_of(caught.value, source)
    assert problem.kind is kind
    assert problem.remedy
    assert "secret" not in str(problem)
