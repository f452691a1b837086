"""What the session asks for: relaxed step by step, the same answer for the same moment, a way down."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from player.model import CatalogueEntry
from player.selection.context import Situation
from player.selection.facts import Describer
from player.selection.policies import POLICIES
from player.selection.reward import Credit
from player.selection.selector import Selector
from player.session.catalogue import Catalogue
from player.session.chooser import Chooser
from player.session.messages import Block, Memory
from player.session.recall import Recall
from player.units import Seconds
from tests.support.pieces import PROFILE, features, ids, libraries, piece, row, units

AT = Seconds(1e6)


def chooser(
    entries: list[CatalogueEntry], policy: str = "calmest-familiar", memory: Memory | None = None
) -> tuple[Chooser, Catalogue, Recall]:
    catalogue, recall = Catalogue(), Recall(memory or Memory())
    catalogue.merge(entries, ())
    return Chooser(Selector(policy, PROFILE), catalogue, recall, Random(1)), catalogue, recall


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_while_anything_may_be_played_something_follows(data: st.DataObject) -> None:
    entries = data.draw(libraries())
    names = ids(entries)
    some = st.lists(st.sampled_from(names), max_size=4) if names else st.just([])
    memory = Memory(
        never=tuple(data.draw(some)),
        blocks={name: Block(until=None, upsets=2) for name in data.draw(some)},
    )
    choose, catalogue, _ = chooser(entries, data.draw(st.sampled_from(sorted(POLICIES))), memory)
    for name in data.draw(some):
        catalogue.broke(name, AT)
    choose.situation = Situation(agitation=data.draw(units), quiet=data.draw(st.booleans()))
    describer = Describer(PROFILE)
    hard = {*memory.never, *memory.blocks, *catalogue.broken(AT)}
    left = {e.track.id for e in entries if not describer.facts(e).flags & 15} - hard
    present = data.draw(st.sampled_from([None, *names]))
    choice = choose.following(present, AT, calm=data.draw(st.booleans()))
    assert (choice is not None) == bool(left)
    assert choice is None or choice.track_id in left
    calmer = choose.calmer(present, AT)
    assert calmer is None or calmer.track_id in left - {present}
    if not left:
        assert choose.why_nothing(AT).endswith(".")


def test_what_stands_by_is_what_is_played() -> None:
    choose, _, recall = chooser(row(60), "learn")
    first = choose.calmer("p010", AT)
    assert all(choose.calmer("p010", Seconds(AT + n)) == first for n in range(50))
    assert first is not None
    recall.like(first.track_id, -1)
    assert len({str(choose.calmer("p010", AT)) for _ in range(5)}) == 1
    choose.situation = Situation(agitation=0.95)
    severe = choose.calmer("p010", AT)
    best = "p058" if first.track_id == "p059" else "p059"  # the calmest but for the one that was disliked
    assert severe is not None and severe.track_id == best


def test_iso_goes_down_in_steps_as_the_pieces_are_heard() -> None:
    choose, _, recall = chooser(row(60), "iso")
    choose.situation = Situation(agitation=0.6)
    heard, steps = ["p005"], []
    for number in range(5):
        at = Seconds(AT + 200.0 * number)
        choice = choose.calmer(heard[-1], at) if number == 0 else choose.following(heard[-1], at, calm=True)
        assert choice is not None
        recall.played(choice.track_id, at)
        heard.append(choice.track_id)
        steps.append(choice.context["step"])
    assert heard == sorted(heard) and steps == [0.0, 1.0, 2.0, 3.0, 4.0]
    plain = choose.following(heard[-1], Seconds(AT + 2000.0), calm=False)
    assert plain is not None
    again = choose.calmer(plain.track_id, Seconds(AT + 2100.0))
    assert again is None or again.context["step"] == 0.0


def test_in_quiet_hours_calm_music_is_preferred_to_silence_and_to_lively_music() -> None:
    choose, _, _ = chooser([piece("lively", features(0.1)), piece("calm", features(0.7))])
    choose.situation = Situation(quiet=True)
    assert {c.track_id for n in range(9) if (c := choose.following(None, Seconds(n), calm=False))} == {"calm"}
    only, _, _ = chooser([piece("lively", features(0.1))])
    only.situation = Situation(quiet=True)
    assert only.following(None, AT, calm=False) is not None


def test_a_file_that_is_gone_or_back_or_newly_analysed_is_known_at_once() -> None:
    choose, catalogue, _ = chooser([piece("a", features(0.6)), piece("b", features(0.9))])
    assert (choice := choose.calmer(None, AT)) is not None and choice.track_id == "b"
    catalogue.merge((), ["b"])
    assert (choice := choose.calmer(None, AT)) is not None and choice.track_id == "a"
    catalogue.merge([piece("b", features(0.9))], ())
    catalogue.learn("a", features(0.95))
    assert (choice := choose.calmer(None, AT)) is not None and choice.track_id == "a"
    catalogue.broke("a", AT)
    assert (choice := choose.calmer(None, AT)) is not None and choice.track_id == "b"


def test_what_is_learned_is_used_at_the_next_choice() -> None:
    choose, _, _ = chooser([piece("a", features(0.7)), piece("b", features(0.69))], "learn")
    choose.situation = Situation(agitation=0.9)
    first = choose.calmer(None, AT)
    assert first is not None and first.track_id == "a"
    for _ in range(5):
        choose.learn(Credit(track_id="a", reward=-0.4, weight=4.0, basis=first.basis), AT)
    second = choose.calmer(None, AT)
    assert second is not None and second.track_id == "b"


def test_what_follows_for_a_restless_resident_is_calm_before_it_is_lively() -> None:
    entries = [piece("heard", features(0.9)), piece("calm", features(0.7)), piece("lively", features(0.1))]
    choose, _, _ = chooser(entries)
    choose.situation = Situation(agitation=0.6)
    for _ in range(20):
        choice = choose.following("heard", AT, calm=False)
        assert choice is not None and choice.track_id == "calm"
