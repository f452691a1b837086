"""The resident's screen: title, artist, the picture of the file, at most one button."""

from msgspec.structs import replace

from adapters.web.house import Cover
from player.session.messages import TrackView
from player.units import Seconds
from tests.support.site import Reader, Site
from tests.web.test_events import playing
from tests.web.test_view import progress

TRACK = "0123456789abcdef" * 2


def test_title_artist_and_picture(here: Site, reader: Reader) -> None:
    track = TrackView(id=TRACK, title="Träumerei", artist="Robert Schumann", duration=Seconds(60.0))
    here.do(lambda: here.hub.publish(replace(playing(""), track=track)))
    assert "Träumerei" not in reader.get("/bedside").text, "nobody hears it yet"
    here.do(lambda: here.hub.heard(progress(48_000), here.vitals.at))
    page = reader.get("/bedside").text
    assert "Träumerei" in page and "Robert Schumann" in page and f"/cover/{TRACK}" in page
    assert "<button" not in page


def test_the_picture_of_the_file(here: Site, reader: Reader) -> None:
    assert reader.get(f"/cover/{TRACK}").status == 404
    here.covers[TRACK] = Cover(media_type="image/png", data=b"PNG")
    answer = reader.get(f"/cover/{TRACK}")
    assert (answer.status, answer.headers["content-type"], answer.text) == (200, "image/png", "PNG")
    for name in ("..%2f..%2fetc%2fpasswd", "x" * 32, "../page.json", TRACK.upper()):
        assert reader.get(f"/cover/{name}").status == 404


def test_the_button_is_the_residents(here: Site, reader: Reader) -> None:
    token = reader.get("/bedside?button").token
    assert reader.post("/bedside/press", {"csrf": token}).status == 303
    assert [(command.verb, command.by) for command in here.commands] == [("play_pause", "resident")]


def test_it_dims_at_night(here: Site, reader: Reader) -> None:
    assert 'class="scene"' in reader.get("/bedside").text
    here.vitals = replace(here.vitals, night=True)
    here.do(here.hub.changed)
    assert 'class="scene night"' in reader.get("/bedside").text
