import base64
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.git.git_repository import write_files

from profile_router.core.evidence import ImageFact, NamedFile
from profile_router.errors import RouterError, UsageError
from profile_router.workspace import images
from profile_router.workspace.folder import Workspace
from profile_router.workspace.images import find_images, read_image, strip_data_urls

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(200))
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0"
GIF = b"GIF89a\1\0\1\0\0\0\0;"
WEBP = b"RIFF\x24\0\0\0WEBPVP8 "
PDF = b"%PDF-1.7\n%\xe2\xe3\n"
FORMS = {"png": PNG, "jpeg": JPEG, "gif": GIF, "webp": WEBP}

Found = tuple[tuple[ImageFact, ...], tuple[str, ...]]


def data_url(content: bytes, mime: str = "image/png") -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files: dict[str, str | bytes] = {
        "ui/shot": PNG,
        "ui/my shot.png": PNG,
        "ui/a(1).png": PNG,
        "fake.png": "just text",
        "junk.png": b"\0\1",
        "spec.pdf": PDF,
        "empty.png": "",
    }
    write_files(tmp_path, files | {f"x.{form}.txt": content for form, content in FORMS.items()})
    return tmp_path.resolve()


@pytest.fixture
def find(root: Path) -> Callable[..., Found]:
    def run(text: str = "", given: Sequence[str] = (), files: Sequence[NamedFile] = ()) -> Found:
        return find_images(text, given, files, Workspace(root, git=False), root)

    return run


class TestGiven:
    @pytest.mark.parametrize("form", FORMS)
    def test_an_image_is_told_by_its_content_not_its_name(self, find: Callable[..., Found], form: str) -> None:
        place = f"x.{form}.txt"
        assert find(given=[place]) == ((ImageFact(place=place, form=form, bytes=len(FORMS[form])),), ())

    def test_a_pdf_counts_as_an_image_where_it_is_given_as_one(self, find: Callable[..., Found]) -> None:
        assert find(given=["spec.pdf"]) == ((ImageFact(place="spec.pdf", form="pdf", bytes=len(PDF)),), ())

    def test_an_image_outside_of_the_workspace_has_its_absolute_path(self, root: Path) -> None:
        found, _ = find_images("", [str(root / "ui/shot")], (), None, root / "ui")
        assert [image.place for image in found] == ["shot"]
        found, _ = find_images("", [str(root / "ui/shot")], (), Workspace(root / "elsewhere", git=False), root / "ui")
        assert [image.place for image in found] == [str(root / "ui/shot")]

    def test_a_url_is_an_image_by_reference_without_its_secrets(self, find: Callable[..., Found]) -> None:
        found, notes = find(given=["https://me:pw@example.org/a.png?token=abc#x"])
        assert found == (ImageFact(place="https://example.org/a.png", form="url", bytes=0),)
        assert notes == ("https://example.org/a.png counts as an image by its reference: it was not fetched",)

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            ("nope.png", "does not exist"),
            ("ui", "is a folder, not a file"),
            ("fake.png", "is text by its content, 9 bytes, not an image"),
            ("junk.png", "is binary by its content, 2 bytes, not an image"),
            ("empty.png", "is text by its content, 0 bytes, not an image"),
            ("/dev/zero", "is a device, not a file"),
            ("", "is empty"),
            ("a\0b", "is not a possible file name"),
            ("https://[x", "is not a readable URL"),
            ("http://example.org/a.svg", "is an SVG by its name: text, not an image"),
        ],
    )
    def test_what_is_not_an_image_is_one_clear_line(self, find: Callable[..., Found], value: str, reason: str) -> None:
        with pytest.raises(UsageError) as refused:
            find(given=["ui/shot", value])
        shown = value.replace("\0", "\\x00")
        assert str(refused.value) == f"--image '{shown}' {reason}; name a PNG, JPEG, GIF, WebP or PDF file"


class TestFiles:
    def test_a_named_file_that_is_an_image_by_content_counts(self, find: Callable[..., Found]) -> None:
        files = [NamedFile(path="ui/shot", bytes=216, form="image"), NamedFile(path="fake.png", bytes=9)]
        assert find(files=files) == ((ImageFact(place="ui/shot", form="png", bytes=216),), ())

    def test_one_that_only_its_name_calls_an_image_does_not(self, find: Callable[..., Found]) -> None:
        assert find(files=[NamedFile(path="fake.png", bytes=9, form="image")]) == ((), ())

    def test_an_image_given_named_and_shown_counts_once(self, find: Callable[..., Found]) -> None:
        files = [NamedFile(path="ui/shot", bytes=len(PNG), form="image")]
        found, notes = find("![](ui/shot) and ![again](./ui/shot)", ["ui/../ui/shot"], files)
        assert ([image.place for image in found], notes) == (["ui/shot"], ())


class TestMarkdown:
    @pytest.mark.parametrize(
        "text",
        ["![](ui/shot)", "see ![a shot](ui/shot), please", '![a](ui/shot "title")', "![a](<ui/shot>)",
         "![a]( ui/shot )", "![a [b] c](ui/shot)", "[![a](ui/shot)](https://example.org)", "[x](y) ![a](ui/shot)",
         "![a](ui/shot \n)", "![]\n![a](ui/shot)"],
    )  # fmt: skip
    def test_a_shown_image_is_found(self, find: Callable[..., Found], text: str) -> None:
        assert find(text) == ((ImageFact(place="ui/shot", form="png", bytes=len(PNG)),), ())

    @pytest.mark.parametrize(
        ("target", "place"),
        [("<ui/my shot.png>", "ui/my shot.png"), ("ui/my%20shot.png", "ui/my shot.png"), ("ui/a(1).png", "ui/a(1).png"),
         ("file://{root}/ui/shot", "ui/shot"), ("{root}/ui/shot", "ui/shot")],
    )  # fmt: skip
    def test_a_target_may_be_quoted_encoded_or_absolute(
        self, find: Callable[..., Found], root: Path, target: str, place: str
    ) -> None:
        found, notes = find(f"![x]({target.format(root=root)})")
        assert ([image.place for image in found], notes) == ([place], ())

    @pytest.mark.parametrize(
        "text", ["[a](ui/shot)", "![a] (ui/shot)", "![a]ui/shot", "![x] then [a](ui/shot)", "!ui/shot"]
    )
    def test_a_link_is_not_an_image(self, find: Callable[..., Found], text: str) -> None:
        assert find(text) == ((), ())

    @pytest.mark.parametrize(
        ("target", "reason"),
        [("nope.png", "does not exist"), ("fake.png", "is text by its content, 9 bytes, not an image"),
         ("no%20pe.png", "does not exist"), ("http://[x", "is not a readable URL"),
         ("https://example.org/badge.svg", "is an SVG by its name: text, not an image")],
    )  # fmt: skip
    def test_a_target_that_is_not_an_image_is_noted(self, find: Callable[..., Found], target: str, reason: str) -> None:
        assert find(f"![alt]({target})") == ((), (f"![…]({target}) {reason}",))

    def test_a_url_is_an_image_by_reference(self, find: Callable[..., Found]) -> None:
        found, notes = find("![shot](HTTPS://example.org/shot)")
        assert found == (ImageFact(place="https://example.org/shot", form="url", bytes=0),)
        assert len(notes) == 1


class TestShown:
    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ('It looks so: <img src="https://example.org/a.png">', "https://example.org/a.png"),
            ("<img width=40 src=ui/shot alt=x>", "ui/shot"),
            ("<IMG SRC='https://example.org/shot?x=1'>", "https://example.org/shot"),
            ("see https://example.org/a.png", "https://example.org/a.png"),
            ("The bar is cut off (https://example.org/x/b.JPG?raw=1).", "https://example.org/x/b.JPG"),
            (
                "https://github.com/user-attachments/assets/12ab-cd",
                "https://github.com/user-attachments/assets/12ab-cd",
            ),
            ("Build https://www.figma.com/design/AbC/Login?node-id=1", "https://www.figma.com/design/AbC/Login"),
            ("Match https://figma.com/file/AbC/Login", "https://figma.com/file/AbC/Login"),
            ("[Image #1] why is this red?", "[Image #1]"),
            ("Make the header look as in the attached screenshot", "in the attached screenshot"),
            ("See the mockup and build the page", "See the mockup"),
            ("My screenshot is attached. Fix the overlap", "My screenshot is attached"),
            ("I attached a screenshot of the overlap", "attached a screenshot"),
        ],
    )
    def test_what_a_text_shows_links_or_speaks_of_is_an_image(
        self, find: Callable[..., Found], text: str, place: str
    ) -> None:
        assert [image.place for image in find(text)[0]] == [place]

    @pytest.mark.parametrize(
        "text",
        [
            "Escape `<img src='https://example.org/a.png'>` in comments",
            '<img src="{{ url }}"> is not filled in',
            '```html\n<img src="https://example.org/a.png">\n```',
            'Replace "https://example.org/a.png" by a constant',
            "[a chart](https://example.org/a.png)",
            "curl https://example.org/a.png fails",
            "https://example.org/a.png/raw is a folder",
            "https://img.shields.io/badge/a.png",
            "https://figma.com/pricing is down",
            "There is no attached screenshot",
            "Ignore the attached screenshot",
            "Fix the upload of attached images",
            "Add an attached screenshot field",
            "Rename the screenshot command",
            'Show the text "see the attached screenshot"',
        ],
    )
    def test_code_links_quotes_and_negations_show_nothing(self, find: Callable[..., Found], text: str) -> None:
        assert find(text)[0] == ()

    def test_a_named_pdf_without_a_font_is_a_scan(self, find: Callable[..., Found], root: Path) -> None:
        scan, text = PDF + b"/Subtype /Image /Filter /DCTDecode", PDF + b"/Type /Font /Subtype /Image"
        (root / "scan.pdf").write_bytes(scan)
        (root / "text.pdf").write_bytes(text)
        files = [NamedFile(path=f"{name}.pdf", bytes=60, form="pdf") for name in ("scan", "text", "spec")]
        assert [image.place for image in find(files=files)[0]] == ["scan.pdf"]

    @pytest.mark.parametrize(
        "text",
        ['It looks so: <img src="{}">', "Match <img width=40 src='{}' alt=x>", "<IMG SRC={}>\nThe bar is cut off"],
    )
    @pytest.mark.parametrize("target", ["x.png", "docs/no%20such.JPG", "./up/loads.webp", "/static/nowhere.gif?v=2"])
    def test_a_tags_picture_that_is_not_there_counts_as_one_that_did_not_come(
        self, find: Callable[..., Found], text: str, target: str
    ) -> None:
        found, notes = find(text.format(target))
        assert found == (ImageFact(place=f"<img src={target}>", form="absent", bytes=0),)
        assert notes == (
            f"'<img src={target}>' counts as an image, but no picture came with the task: name it with --image",
        )

    @pytest.mark.parametrize(
        "text",
        [
            "Remove <img src=x.png> from the page",
            "Wrap the <img src=x.png> in a link",
            "There is no <img src=x.png> any more",
            "It renders <img src=x.png>",
            "The tag is `<img src=x.png>`",
            "<img src=x.svg>",
            "<img src=gone>",
            "<img src=fake.png>",
        ],
    )
    def test_a_tag_that_is_ignored_or_worked_on_or_names_no_picture_shows_none(
        self, find: Callable[..., Found], text: str
    ) -> None:
        assert find(text)[0] == ()

    def test_one_that_came_stands_for_a_tags_picture_that_is_not_there(self, find: Callable[..., Found]) -> None:
        assert [image.place for image in find("<img src=x.png>", ["ui/shot"])[0]] == ["ui/shot"]

    def test_a_picture_that_did_not_come_says_so(self, find: Callable[..., Found]) -> None:
        assert find("[Image #1] why?")[1] == (
            "'[Image #1]' counts as an image, but no picture came with the task: name it with --image",
        )


class TestDataUrls:
    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("around", ["{}", "see {} there", "![alt]({})", '<img src="{}">', "url('{}')"])
    def test_a_data_url_counts_by_its_content(self, find: Callable[..., Found], form: str, around: str) -> None:
        found, notes = find(around.format(data_url(FORMS[form], "image/png")))
        assert ([(image.form, image.place) for image in found], notes) == ([(form, "data URL 1 in the task text")], ())
        assert found[0].bytes == len(FORMS[form])

    @pytest.mark.parametrize(
        "url",
        [data_url(PNG, "image/PNG"), data_url(PNG, "image/png;charset=utf-8"), data_url(PNG).rstrip("="),
         data_url(PNG).replace("+", "-").replace("/", "_").replace("data:image_", "data:image/"),
         data_url(PNG).replace("+", "%2B").replace("=", "%3D"), "DATA" + data_url(PNG)[4:]],
    )  # fmt: skip
    def test_every_spelling_of_a_data_url_counts(self, find: Callable[..., Found], url: str) -> None:
        assert [image.form for image in find(f"a {url} b")[0]] == ["png"]
        assert strip_data_urls(f"a {url} b")[0] == "a [image 1] b"

    def test_what_only_claims_to_be_an_image_is_noted_and_stays_text(self, find: Callable[..., Found]) -> None:
        url = data_url(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")
        found, notes = find(f"a {url} b")
        assert found == ()
        assert notes == (f"{url[:40]}… in the task text is not a PNG, JPEG, GIF or WebP image",)
        assert strip_data_urls(f"a {url} b") == (f"a {url} b", ())

    def test_data_urls_leave_the_text_and_come_back_each_once(self) -> None:
        png, gif = data_url(PNG), data_url(GIF, "image/gif")
        assert strip_data_urls(f"1 {png} 2 {gif} 3 {png} 4") == ("1 [image 1] 2 [image 2] 3 [image 1] 4", (png, gif))

    @pytest.mark.parametrize("newline", ["\n", "\r\n", "\n    "])
    @pytest.mark.parametrize("width", [60, 64, 76])
    def test_a_wrapped_data_url_is_taken_out_whole(self, newline: str, width: int) -> None:
        url = data_url(PNG)
        lines = [url[at : at + width] for at in range(0, len(url), width)]
        assert strip_data_urls(f"before {newline.join(lines)}\nafter it") == ("before [image 1]\nafter it", (url,))
        assert strip_data_urls(f"{newline.join(lines)}\nafter\nit") == ("[image 1]\nafter\nit", (url,))

    def test_the_words_after_a_data_url_stay(self) -> None:
        assert strip_data_urls(f"{data_url(PNG)}\nPlease\nfix it")[0] == "[image 1]\nPlease\nfix it"
        padded = data_url(PNG + b"\0" * (-len(PNG) % 3 + 2))
        assert padded.endswith("=")
        assert strip_data_urls(f"{padded}\nissue123\nit")[0] == "[image 1]\nissue123\nit"
        assert strip_data_urls(f"{data_url(PNG[:12])}\nissue123\nit")[0] == "[image 1]\nissue123\nit"

    @given(st.text(), st.text())
    def test_text_around_a_data_url_survives(self, before: str, after: str) -> None:
        stripped, urls = strip_data_urls(f"{before} {data_url(PNG)} {after}")
        assert stripped == f"{before} [image 1] {after}"
        assert urls == (data_url(PNG),)

    @given(st.lists(st.sampled_from([*"![]()<>/:;,%=+ab \n", "data:image/png;base64,", "http://", "%ff"])).map("".join))
    def test_any_text_has_its_images_or_none(self, find: Callable[..., Found], text: str) -> None:
        find(text)
        with suppress(RouterError):
            find("", [text])

    @pytest.mark.parametrize(
        "piece", ["![", "](", "![](", "![a", "data:image/png;base64,", "data:image/png;a=b;", "iVBORw0K\n"]
    )
    def test_a_long_hostile_text_is_read_once(self, find: Callable[..., Found], piece: str) -> None:
        assert find(piece * 20_000)[0] == ()


class TestReadImage:
    @pytest.mark.parametrize(
        ("place", "mime", "content"),
        [("ui/shot", "image/png", PNG), ("x.jpeg.txt", "image/jpeg", JPEG), ("spec.pdf", "application/pdf", PDF)],
    )
    def test_an_image_is_read_whole_with_its_type(self, root: Path, place: str, mime: str, content: bytes) -> None:
        assert read_image(place, root) == (mime, content)
        assert read_image(str(root / place), root / "ui") == (mime, content)

    @pytest.mark.parametrize(
        ("place", "message"),
        [("gone.png", "image 'gone.png' does not exist; name a PNG"),
         ("fake.png", "image 'fake.png' is not an image by its content; name a PNG")],
    )  # fmt: skip
    def test_what_is_not_an_image_any_more_is_refused(self, root: Path, place: str, message: str) -> None:
        with pytest.raises(UsageError) as refused:
            read_image(place, root)
        assert str(refused.value).startswith(message)

    def test_an_image_over_the_limit_is_refused_with_both_sizes(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(images, "MOST_IMAGE_BYTES", len(PNG) - 1)
        with pytest.raises(UsageError, match="'ui/shot' is 216 bytes; at most 215 bytes can be sent: scale it down"):
            read_image("ui/shot", root)
        monkeypatch.setattr(images, "MOST_IMAGE_BYTES", len(PNG))
        assert read_image("ui/shot", root) == ("image/png", PNG)
