"""Set-up: five questions, saved at once; what devices said; and what cannot be used."""

import pytest

from adapters.web.invitation import picture_of
from tests.support.site import Reader, Site

ANSWERS = {
    "birth_year": "1941",
    "languages": "de, en",
    "loved": "artist: Vera Lynn; Greensleeves",
    "never": "Radetzky March",
    "risk": "high",
    "quiet_hours": "20:00-08:00",
}


def test_five_answers_are_in_force(here: Site, reader: Reader) -> None:
    token = reader.get("/setup").token
    assert reader.post("/setup", {**ANSWERS, "csrf": token}).headers["location"] == "/setup?saved=1"
    known = here.setup.known
    assert (known.birth_year, known.languages, known.risk) == (1941, ("de", "en"), "high")
    assert (known.loved.artists, known.loved.tracks) == (("Vera Lynn",), ("Greensleeves",))
    assert (known.never.tracks, known.quiet_hours) == (("Radetzky March",), "20:00-08:00")
    page = reader.get("/setup").text
    assert "artist: Vera Lynn\nGreensleeves" in page
    assert 'value="German, English"' in page


def test_answers_are_taken_as_family_write_them(here: Site, reader: Reader) -> None:
    """Languages by name, one name on each line, hours with dots and blanks; and it is read back the same."""
    reader.headers["Accept-Language"] = "de"
    written = {
        "birth_year": "1941",
        "languages": "Deutsch, Plattdeutsch",
        "loved": "Vera Lynn\r\nInterpret: Glenn Miller",
        "never": "",
        "risk": "low",
        "quiet_hours": "21.30 – 7 Uhr",
    }
    page = reader.post("/setup", {**written, "csrf": reader.get("/setup").token})
    assert page.status == 400 and 'id="languages-wrong"' in page.text  # nobody knows a code for it
    assert "Noch nicht gespeichert" in page.text
    written["languages"] = "Deutsch und Französisch"
    page = reader.post("/setup", {**written, "csrf": reader.get("/setup").token})
    assert page.headers["location"] == "/setup?saved=1"
    known = here.setup.known
    assert (known.languages, known.quiet_hours) == (("de", "fr"), "21:30-07:00")
    assert (known.loved.artists, known.loved.tracks) == (("Glenn Miller",), ("Vera Lynn",))
    page = reader.get("/setup")
    assert 'value="Deutsch, Französisch"' in page.text
    again = {**written, "languages": "Deutsch, Französisch", "quiet_hours": "nie", "csrf": page.token}
    reader.post("/setup", again)
    assert here.setup.known.quiet_hours is None
    assert 'name="quiet_hours" maxlength="40" value="nie"' in reader.get("/setup").text


def test_names_that_the_library_does_not_know_are_said(here: Site, reader: Reader) -> None:
    """Else a slip in “never” is found out when the piece is heard."""
    here.library.add("0" * 32, "We'll Meet Again", "Vera Lynn", 80.0, 0.7)
    here.library.add("1" * 32, "Träumerei", "Robert Schumann", 80.0, 0.7)
    answers = {**ANSWERS, "loved": "WE’LL meet again; Traumerei", "never": "Vera Lyn; Radetzky <March>"}
    reader.post("/setup", {**answers, "csrf": reader.get("/setup").token})
    page = reader.get("/setup?saved=1").text
    assert "is called: Vera Lyn, Radetzky &lt;March&gt;." in page
    assert "is called" not in reader.get("/setup").text


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("birth_year", "long ago"),
        ("birth_year", "1066"),
        ("quiet_hours", "at night"),
        ("languages", "Klingon"),
        ("risk", "<script>"),
    ],
)
def test_an_answer_that_cannot_be_used_is_shown_again(
    here: Site, reader: Reader, key: str, answer: str
) -> None:
    before = here.setup.known
    token = reader.get("/setup").token
    page = reader.post("/setup", {**ANSWERS, key: answer, "csrf": token})
    assert page.status == 400
    assert f'id="{key}-wrong"' in page.text and "Radetzky March" in page.text
    assert "<script>" not in page.text
    assert here.setup.known == before


def test_what_devices_said(reader: Reader) -> None:
    page = reader.get("/setup/devices").text
    assert "wrist" in page and "bed-button" in page and "unknown-topic" in page


def test_the_level_is_measured_in_steps(here: Site, reader: Reader) -> None:
    check = here.setup.level

    def step(do: str, dba: str = "") -> str:
        form = {"csrf": reader.get("/setup").token, "do": do, "dba": dba}
        location = reader.post("/setup/level", form).headers["location"]
        return reader.get(location.partition("#")[0]).text

    assert "Not measured yet" in reader.get("/setup").text
    assert "Noise at 20 %, at most 60 %." in step("begin", "31,5")
    step("louder")
    step("quieter")
    check.why = "too-loud"
    assert "This is too loud." in step("save", "90")
    check.why = ""
    assert "the music stays below 65 dB(A), in quiet hours below 50" in step("save", "52")
    step("stop")
    step("nonsense")
    assert check.steps == ["begin 31,5", "louder", "quieter", "finish 90", "finish 52", "stop", "stop"]
    assert "<script>" not in reader.get("/setup?level=<script>").text
    assert reader.post("/setup/level", {"do": "begin"}).status == 403


def test_staff_show_the_code_to_another_phone(network: Site, stranger: Reader, reader: Reader) -> None:
    stranger.post("/enter", {"pin": network.keys.pin})
    page = stranger.get("/setup").text
    address = f"http://127.0.0.1:{network.port}/"
    assert picture_of(f"{address}enter#{network.keys.pin}") in page
    assert (
        f'class="pin-shown">{network.keys.pin}<' in page and f"{address}family/{network.keys.family}" in page
    )
    assert 'class="pin-shown"' not in reader.get("/setup").text, "on this machine alone there is no PIN"


def test_only_staff(stranger: Reader) -> None:
    assert stranger.get("/setup").status == 303
    assert stranger.post("/setup", ANSWERS).status == 401
