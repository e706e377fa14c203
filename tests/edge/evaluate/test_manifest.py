import pytest

from omnicam.evaluate.manifest import ManifestError, Recording, read_manifest, with_onsets


def write(folder, text, name="manifest.csv"):
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_rows_come_in_the_order_of_their_paths(tmp_path):
    file = write(tmp_path, "label,path,duration,onset_s\nfall,b/2.mp4,4.5,1.5\nadl,a/1.mp4,,\n")
    assert read_manifest(file) == (
        Recording(path="a/1.mp4", label="adl"),
        Recording(path="b/2.mp4", label="fall", duration_s=4.5, onset_s=1.5),
    )


def test_a_path_may_hold_commas_quotes_and_chinese(tmp_path):
    file = write(tmp_path, '\ufeffpath,label\n"词/他说 ""救命"", 快.mp3",speech_zh\n')
    (row,) = read_manifest(file)
    assert row.path == '词/他说 "救命", 快.mp3'
    assert row.folder == "词"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path\na.mp4\n", "no column label"),
        ("", "no column path and no label"),
        ("path,label\n", "no recording"),
        ("path,label\n,fall\n", "line 2: path is empty"),
        ("path,label\na.mp4\n", "line 2: label is empty"),
        ("path,label,duration\na.mp4,fall,long\n", "duration = 'long'"),
        ("path,label,onset_s\na.mp4,fall,-1\n", "onset_s = '-1'"),
        ("path,label,onset_s\na.mp4,fall,nan\n", "onset_s = 'nan'"),
        ('path,label\n"a.mp4,fall\n', "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(tmp_path, text, said):
    with pytest.raises(ManifestError, match=said):
        read_manifest(write(tmp_path, text))


def test_a_manifest_that_is_no_text_or_not_there_is_told(tmp_path):
    (tmp_path / "binary.csv").write_bytes(b"path,label\n\xff\xfe\x00")
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(tmp_path / "binary.csv")
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(tmp_path / "none.csv")


def test_onsets_are_added_where_there_are_some(tmp_path):
    rows = (Recording(path="a", label="fall", onset_s=9.0), Recording(path="b", label="fall"))
    file = write(tmp_path, "path,onset_s\na,1.5\nelsewhere,3\n", "onsets.csv")
    assert [row.onset_s for row in with_onsets(rows, file)] == [1.5, None]


def test_stills_and_folders_are_told_from_the_path():
    assert Recording(path="x/y/z.JPG", label="fire").still
    assert not Recording(path="x/y/z.mp4", label="fire").still
    assert Recording(path="z.mp4", label="fire").folder == "."
