"""What an answer to "Are you all right?" means."""

import pytest

from custom_components.omnicam.answers import Meaning, meaning_of


@pytest.mark.parametrize(
    "answer",
    [
        "Yes.",
        "yes I'm fine",
        "I'm okay, thanks",
        "No problem",
        "No, I'm fine",
        "I am not hurt",
        "我没事",
        "没事，谢谢",
        "好的",
        "不用帮我",
        "我很好",
        "没问题",
        "嗯",
    ],
)
def test_comfort(answer: str) -> None:
    """These let the alarm rest."""
    assert meaning_of(answer) is Meaning.ALL_RIGHT


@pytest.mark.parametrize(
    "answer",
    [
        "No",
        "no!",
        "Help me",
        "I can't get up",
        "yes but my leg hurts",
        "I'm not all right",
        "不好",
        "救命",
        "帮帮我",
        "我起不来",
        "好疼",
        "没事但是腿疼",
        "叫救护车",
    ],
)
def test_trouble(answer: str) -> None:
    """These call for help, whatever comfort stands beside them."""
    assert meaning_of(answer) is Meaning.NEEDS_HELP


@pytest.mark.parametrize("answer", ["", "the weather", "电视"])
def test_neither(answer: str) -> None:
    """These are no answer."""
    assert meaning_of(answer) is Meaning.UNCLEAR


@pytest.mark.parametrize("cry", ["help", "救命", "ambulance", "我摔倒了"])
@pytest.mark.parametrize("comfort", ["yes", "no problem", "I'm fine", "没事", "好的", "很好"])
def test_a_cry_for_help_is_never_comfort(comfort: str, cry: str) -> None:
    """Whatever else was heard, before or after."""
    for said in (f"{comfort}, {cry}", f"{cry}, {comfort}", f"{cry} {comfort} {cry}"):
        assert meaning_of(said) is Meaning.NEEDS_HELP
