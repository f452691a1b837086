"""Every rule by its name, and the sentence that is said when nothing is left."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from player.model import FEATURES_VERSION, CatalogueEntry, Mode, ScanMode, TrackFeatures
from player.selection.constraints import Limits, limits, passes, violated
from player.selection.context import Context, History, Person, Relax, Situation
from player.selection.facts import Describer
from player.selection.selector import Selector
from player.selection.shelf import Shelf
from player.settings import Profile, Taste
from player.units import Lu, Seconds
from tests.support.pieces import PROFILE, contexts, features, histories, libraries, piece

RESTLESS = Situation(agitation=0.6)
LIVELY = piece("heard", features(0.2))
SPEECH = {"speech": 0.95, "speech_confidence": 0.9}


def rule(
    known: TrackFeatures | None,
    context: Context,
    history: History | None = None,
    profile: Profile = PROFILE,
    **tags: object,
) -> str:
    """Name of the first rule that forbids the piece "x", "" when none does."""
    describer, history = Describer(profile), history or History()
    present = describer.facts(context.present) if context.present else None
    bound = limits(context, history, Person(high_risk=profile.risk == "high"), present)
    found = violated("x", describer.facts(piece("x", known, **tags)), bound, context, history)
    return found.name if found else ""


SOOTHE = Context(soothe=True, floor=0.2, present=LIVELY, situation=RESTLESS)
PLAIN = Context()
GOOD = features(0.8)


@pytest.mark.parametrize(
    ("name", "known", "context"),
    [
        ("", GOOD, SOOTHE),
        ("", None, PLAIN),
        ("silent", features(0.8, integrated_loudness=None), PLAIN),
        ("spoken-word", features(0.8, **SPEECH), PLAIN),
        ("", features(0.8, speech=0.95, speech_confidence=0.1), PLAIN),
        ("unknown", None, SOOTHE),
        ("unknown", features(float("nan"), arousal=0.0), SOOTHE),
        ("", features(0.5, arousal=float("nan")), PLAIN),
        ("unknown", features(0.8, version=FEATURES_VERSION - 1), SOOTHE),
        ("partly-analysed", features(0.8, scan_mode=ScanMode.QUICK), SOOTHE),
        ("partly-analysed", features(0.8, heard=Seconds(30.0)), SOOTHE),
        ("", features(0.8, scan_mode=ScanMode.QUICK), PLAIN),
        ("startle", features(0.8, largest_rise=Lu(8.1)), SOOTHE),
        ("", features(0.8, largest_rise=Lu(8.1)), PLAIN),
        ("startle", features(0.8, largest_rise=Lu(8.1)), Context(situation=RESTLESS, relax=Relax.COMFORT)),
        ("startle", features(0.8, largest_rise=Lu(8.1)), Context(situation=Situation(quiet=True))),
        ("", features(0.8, largest_rise=Lu(8.1)), Context(situation=RESTLESS, relax=Relax.ALL)),
        ("not-calmer", features(0.1), SOOTHE),
        ("arousing", features(0.8, arousal=0.9), SOOTHE),
        ("arousing", features(0.8, arousal=0.9), Context(present=LIVELY, situation=RESTLESS)),
        ("", features(0.8, arousal=0.9), Context(present=LIVELY)),
        ("arousing", features(0.8, arousal=0.4), Context(situation=RESTLESS)),
        ("", features(0.8, arousal=0.0), Context(situation=RESTLESS)),
        ("", features(0.8, arousal=0.4), Context()),
        ("", features(0.8, arousal=0.9), Context(present=LIVELY, situation=RESTLESS, relax=Relax.COMFORT)),
        ("loudness-step", features(0.8, loudness_range=Lu(14.0)), Context(present=LIVELY)),
        ("", features(0.8, loudness_range=Lu(14.0)), PLAIN),
        ("not-calmer", features(0.4), Context(situation=Situation(quiet=True))),
        ("broken", GOOD, Context(broken=frozenset("x"))),
        ("repetition", GOOD, Context(avoid=frozenset("x"))),
    ],
)
def test_each_rule(name: str, known: TrackFeatures | None, context: Context) -> None:
    assert rule(known, context) == name


def test_what_staff_and_the_past_forbid_goes_first_and_is_never_relaxed() -> None:
    asked = Context(relax=Relax.ALL)
    for history, name in (
        (History(barred=frozenset("x")), "never"),
        (History(blocked=frozenset("x")), "soft-block"),
        (History(refused=frozenset("x")), "hard-block"),
    ):
        assert rule(GOOD, asked, history) == name
    assert rule(GOOD, asked, artist="never") == "never"
    words = Profile(id="demo", never=Taste(words=("march",)))
    assert rule(GOOD, asked, profile=words, album="Marches of 1940") == "never"


def test_high_risk_hears_no_minor_key_while_restless() -> None:
    minor = features(0.8, mode=Mode.MINOR, key_confidence=0.9)
    frail = Profile(id="demo", risk="high")
    assert rule(minor, SOOTHE, profile=frail) == "minor"
    assert rule(minor, Context(situation=RESTLESS), profile=frail) == "minor"
    assert rule(minor, Context(), profile=frail) == ""
    assert rule(minor, SOOTHE) == ""
    assert rule(features(0.8, mode=Mode.MINOR, key_confidence=0.4), SOOTHE, profile=frail) == ""


def test_what_is_less_well_known_counts_as_more_arousing() -> None:
    context = Context(soothe=True, present=piece("now", features(0.5, arousal=0.0)))
    assert GOOD.affect is not None
    as_well_known = structs.replace(GOOD.affect, arousal=0.0, arousal_se=0.1)
    assert rule(features(0.5, affect=as_well_known), context) == ""
    assert rule(features(0.5, affect=structs.replace(as_well_known, arousal_se=0.6)), context) == "arousing"


def test_spoken_word_is_a_kind_that_the_profile_excludes_allows_or_prefers() -> None:
    story = features(0.6, **SPEECH)
    for choice, name in (("exclude", "spoken-word"), ("allow", ""), ("prefer", "")):
        assert rule(story, PLAIN, profile=Profile(id="demo", spoken_word=choice)) == name
        assert rule(story, PLAIN, profile=Profile(id="demo", spoken_word=choice), duration=40.0) == "advert"
    loved = Profile(id="demo", loved=Taste(tracks=("x",)))
    assert rule(story, PLAIN, profile=loved) == "" and rule(story, PLAIN, profile=loved, duration=40.0) == ""
    preferring = Describer(Profile(id="demo", spoken_word="prefer"))
    assert preferring.facts(piece("x", story)).familiarity > preferring.facts(piece("x", GOOD)).familiarity


@pytest.mark.parametrize(
    ("entries", "history", "sentence"),
    [
        ([], History(), "There is no music."),
        ([piece("x")], History(barred=frozenset("x")), "The only piece: it is never to be played."),
        (
            [piece("x"), piece("y")],
            History(refused=frozenset("xy")),
            "All 2 pieces upset the resident twice (staff can lift this).",
        ),
        (
            [piece("x"), piece("y"), piece("z")],
            History(blocked=frozenset("xy"), barred=frozenset("z")),
            "None of 3 pieces may be played now: 2 upset the resident a while ago; 1 is never to be played.",
        ),
        ([piece("x"), piece("y")], History(barred=frozenset("x")), "1 of 2 pieces may be played."),
    ],
)
def test_why_nothing_is_one_plain_sentence(
    entries: list[CatalogueEntry], history: History, sentence: str
) -> None:
    selector = Selector("calmest-familiar", PROFILE)
    selector.update(entries)
    assert selector.why_nothing(Context(relax=Relax.ALL), history) == sentence
    if "1 of 2" not in sentence:
        assert selector.choose(Context(relax=Relax.ALL), history, Random(1)) is None


def test_none_analysed_is_said() -> None:
    selector = Selector("calmest-familiar", PROFILE)
    selector.update([piece("x"), piece("y")])
    assert selector.choose(Context(soothe=True), History(), Random(1)) is None
    assert selector.why_nothing(Context(soothe=True), History()) == "All 2 pieces are not analysed yet."


@given(st.data())
@settings(deadline=None)
def test_rules_numbers_and_columns_agree(data: st.DataObject) -> None:
    entries = data.draw(libraries())
    context, history = data.draw(contexts(entries)), data.draw(histories(entries))
    describer = Describer(PROFILE)
    present = describer.facts(context.present) if context.present else None
    bound: Limits = limits(context, history, Person(high_risk=data.draw(st.booleans())), present)
    facts = {e.track.id: describer.facts(e) for e in entries}
    shelf = Shelf(lambda known: known.familiarity)
    shelf.change(list(facts.items()))
    allowed = [name for name, known in facts.items() if passes(name, known, bound)]
    assert allowed == [n for n, k in facts.items() if violated(n, k, bound, context, history) is None]
    assert allowed == [shelf.id(slot) for slot in shelf.everything(bound)]
    assert allowed == [shelf.id(slot) for slot in shelf.passing(range(len(entries)), bound)]
