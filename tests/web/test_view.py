"""What the page says of a moment."""

import pytest
from msgspec.structs import replace

from adapters.web.translation import languages
from adapters.web.view import ASK_FROM, ASK_UNTIL, Scene
from player.model import Progress
from player.session.messages import Decision, TrackView
from player.session.motive import NOTHING_LEFT
from player.session.opening import NO_MUSIC
from player.units import Decibels, Frames, Seconds
from tests.support.site import Reader, Site
from tests.web.test_events import playing

ENGLISH, GERMAN = languages()["en"], languages()["de"]


def progress(frames: int) -> Progress:
    return Progress(
        deck=0,
        track_id="0" * 32,
        position=Seconds(61.0),
        frames_written=Frames(frames),
        underruns=0,
        ring=Seconds(20.0),
        peak=Decibels(-20.0),
    )


def swap(at: float, trigger: str = "staff") -> Decision:
    piece = TrackView(id="0" * 32, title="Träumerei", artist="", duration=Seconds(60.0))
    return Decision(event_type="swap", at=Seconds(at), reason="In English.", to_track=piece, trigger=trigger)


def test_time_is_of_frames_written_and_stands_still_with_them(here: Site, reader: Reader) -> None:
    at = here.vitals.at
    here.do(lambda: here.hub.publish(playing("a")))
    here.do(lambda: here.hub.heard(progress(48_000), at))
    page = reader.get("/").text
    assert "1:01" in page and "No sound reaches the speaker" not in page
    here.do(lambda: here.hub.heard(progress(48_000), Seconds(at + 10.0)))  # nothing more was written
    assert "No sound reaches the speaker" in reader.get("/").text


def test_a_never_that_was_a_slip_is_taken_back_at_once(here: Site, reader: Reader) -> None:
    def pressed(verb: str) -> str:
        reader.post(f"/press/{verb}", {"csrf": reader.get("/").token, "track": "0" * 32})
        return reader.get("/").text

    here.do(lambda: here.hub.publish(playing("a")))
    nothing = '<div id="undo"></div>'
    assert nothing in reader.get("/").text
    page = pressed("never")
    assert "will not be played here again" in page and nothing not in page
    assert nothing in pressed("allow")
    assert [(one.verb, one.track_id) for one in here.commands] == [("never", "0" * 32), ("allow", "0" * 32)]
    assert nothing not in pressed("never")
    here.vitals = replace(here.vitals, at=Seconds(here.vitals.at + 121.0))
    here.do(here.hub.changed)
    assert nothing in reader.get("/").text, "later it is taken back in the library"


def test_a_fault_of_the_sound_is_a_banner(here: Site, reader: Reader) -> None:
    broken = replace(playing("a"), fault="The speaker is gone: switch it on.")
    here.do(lambda: here.hub.publish(broken))
    page = reader.get("/").text
    assert "The speaker is gone: switch it on." in page
    assert "Not to be heard" in page and ">Playing<" not in page, "a page that says “playing” in silence"


def test_every_part_that_is_missing_is_a_banner(here: Site, reader: Reader) -> None:
    here.vitals = replace(
        here.vitals,
        broker="connection refused",
        store="the disk is full",
        microphone="audio device 'desk': has gone",
        sensors=(("wrist <1>", Seconds(1_800_000_000.0)),),
        pieces=0,
        library="no pieces yet",
    )
    here.do(here.hub.changed)
    page = reader.get("/").text
    for text in (
        "connection refused",
        "&#39;desk&#39;: has gone",
        "the disk is full",
        "wrist &lt;1&gt;",
        "no pieces yet",
    ):
        assert text in page
    german = reader.get("/", Accept_Language="de").text
    assert 'Nichts kann gespeichert werden: <span lang="en">the disk is full</span>' in german


def test_a_clock_in_another_zone_changes_nothing(here: Site, reader: Reader) -> None:
    """Every time on the page is the room's: the server writes it, no script does."""
    here.vitals = replace(here.vitals, sensors=(("wrist", Seconds(1_800_000_000.0)),))
    here.do(here.hub.changed)
    from adapters.web.translation import clock_time

    assert clock_time(1_800_000_000.0, ENGLISH) in reader.get("/").text


def test_after_a_swap_it_is_asked_once_for_a_while(here: Site) -> None:
    house_at = here.vitals.at
    scene: Scene = here.scene
    for since, asked in ((ASK_FROM - 1.0, False), (ASK_FROM + 1.0, True), (ASK_UNTIL + 1.0, False)):
        here.hub.decisions.clear()
        here.hub.decisions.append(swap(house_at - since))
        assert (scene.question() is not None) is asked
    here.hub.decisions.clear()
    here.hub.decisions.append(swap(house_at - ASK_FROM - 1.0))
    question = scene.question()
    assert question is not None
    here.do(lambda: scene.answer(question.id))
    assert scene.question() is None


def test_feedback_is_on_disk_before_the_page_says_thanks(here: Site, reader: Reader) -> None:
    here.do(lambda: here.hub.publish(swap(here.vitals.at - ASK_FROM - 1.0)))
    page = reader.get("/")
    form = {"csrf": page.token, "once": "page-0123456789", "question": "q", "rating": "better"}
    assert reader.post("/feedback", form).headers["location"] == "/?feedback=done"
    assert [(one.id, one.rating) for one in here.feedback] == [("page-0123456789", 1)]
    assert reader.post("/feedback", {**form, "rating": "wonderful"}).status == 400


def test_why_is_said_in_the_readers_language_or_marked_as_english(here: Site, reader: Reader) -> None:
    here.do(lambda: here.hub.publish(playing("Träumerei")))
    here.do(lambda: here.hub.publish(swap(here.vitals.at)))
    german = {"Accept_Language": "de"}
    assert "Das Personal bat um ruhigere Musik: „Träumerei“." in reader.get("/", **german).text
    here.do(lambda: here.hub.publish(swap(here.vitals.at, trigger="something new")))
    here.do(lambda: here.hub.publish(replace(playing("Träumerei"), reason="Something new.")))
    assert '<p class="why" lang="en">Something new.</p>' in reader.get("/", **german).text


def test_what_changes_nothing_heard_does_not_say_why_it_is_heard(here: Site, reader: Reader) -> None:
    """After a press that found nothing calmer, the sentence of the piece stands, and in no other language."""
    here.do(lambda: here.hub.publish(playing("Träumerei")))
    brought = swap(here.vitals.at)
    for one in (brought, replace(brought, event_type="keep"), replace(brought, event_type="prompt")):
        here.do(lambda one=one: here.hub.publish(one))  # type: ignore[misc]
    assert "Calmer music was asked for by staff: “Träumerei”." in reader.get("/").text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (NO_MUSIC, "Keine Musik gefunden."),
        (NOTHING_LEFT, "Es ist keine Musik mehr da"),
        ("Paused by staff.", "Vom Personal unterbrochen."),
        ("Stopped by staff; press play to go on.", "Vom Personal angehalten."),
    ],
)
def test_what_a_state_always_says_is_said_in_the_readers_language(
    here: Site, reader: Reader, reason: str, said: str
) -> None:
    here.do(lambda: here.hub.publish(replace(playing("a"), state="paused", reason=reason)))
    assert said in reader.get("/", Accept_Language="de").text


def test_staff_are_asked_to_look_until_somebody_came(here: Site, reader: Reader) -> None:
    words = "Please look after the resident."
    prompt = replace(swap(here.vitals.at, trigger="need"), event_type="prompt", agitation=0.8)
    here.do(lambda: here.hub.publish(prompt))
    here.do(lambda: here.hub.publish(replace(prompt, event_type="swap", trigger="retry")))
    assert words in reader.get("/").text
    here.do(lambda: here.hub.publish(swap(here.vitals.at)))
    assert words not in reader.get("/").text
    here.do(lambda: here.hub.publish(prompt))
    here.vitals = replace(here.vitals, at=Seconds(here.vitals.at + 901.0))
    here.do(here.hub.changed)
    assert words not in reader.get("/").text


def test_a_never_of_a_page_that_was_asleep_names_the_piece_that_was_meant(here: Site, reader: Reader) -> None:
    old = replace(
        swap(here.vitals.at), to_track=TrackView(id="1" * 32, title="Old", artist="", duration=Seconds(9.0))
    )
    here.do(lambda: here.hub.publish(old))
    here.do(lambda: here.hub.publish(playing("New")))
    reader.post("/press/never", {"csrf": reader.get("/").token, "track": "1" * 32})
    assert "“Old” will not be played here again." in reader.get("/").text


def test_an_answer_that_does_not_come_is_said(here: Site, reader: Reader) -> None:
    here.reason = "nothing-calmer"
    answer = reader.post("/press/calm", {"csrf": reader.get("/").token}, Accept="application/json")
    assert answer.data == {
        "ok": False,
        "reason": "nothing-calmer",
        "said": "Nothing calmer is known here. This music goes on.",
    }


def test_the_page_is_light(reader: Reader) -> None:
    import re

    page = reader.get("/").text
    assets = set(re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js|svg|webmanifest))"', page))
    weight = len(page.encode()) + sum(len(reader.get(path).text.encode()) for path in assets)
    assert len(assets) >= 3 and "<style>" in page
    assert weight < 150_000
    assert not re.search(r'(?:href|src)="(?:https?:)?//', page)  # nothing from elsewhere
