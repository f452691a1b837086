"""One choice out of many: never what is forbidden, always something while anything is left, and quickly."""

from collections import Counter, defaultdict
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from player.errors import SelectionError
from player.model import CatalogueEntry
from player.selection.constraints import limits, passes
from player.selection.context import Context, History, Relax, Situation
from player.selection.facts import Describer
from player.selection.policies import POLICIES
from player.selection.selector import Selector
from player.settings import Consent, Profile, Taste
from player.units import Seconds
from tests.support.pieces import PROFILE, contexts, features, histories, ids, libraries, piece, row, shuffled

EXACT = ("calmest-familiar", "familiar-first", "staff-order")
SOOTHE = Context(at=Seconds(1e6), soothe=True, situation=Situation(agitation=0.6, minute=900))
ALL = 10**9


def selector(
    policy: str, entries: list[CatalogueEntry], profile: Profile = PROFILE, *, whole: int = 256
) -> Selector:
    made = Selector(policy, profile, whole=whole)
    made.update(entries)
    return made


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_forbidden_is_never_chosen_and_what_is_left_always_is(data: st.DataObject) -> None:
    policy = data.draw(st.sampled_from(sorted(POLICIES)))
    entries = data.draw(libraries())
    context, history = data.draw(contexts(entries)), data.draw(histories(entries))
    choose = selector(policy, entries, whole=data.draw(st.sampled_from([0, 256])))
    choice = choose.choose(context, history, Random(1))
    describer = Describer(PROFILE)
    scene = choose._scene(context)
    bound = limits(context, history, scene.person, scene.present)
    allowed = {e.track.id for e in entries if passes(e.track.id, describer.facts(e), bound)}
    if choice is None:
        assert not allowed
        said = choose.why_nothing(context, history)
        assert said.endswith(".") and "may be played." not in said
    else:
        assert choice.track_id in allowed
        assert choice.track_id not in history.barred | history.blocked | history.refused
        assert 0.0 < choice.propensity <= 1.0
        assert choice.reason and choice.policy.startswith(policy)
        assert choice.context["soothe"] == context.soothe and choice.basis["one"] == 1.0
    assert choice == selector(policy, entries, whole=0 if choose._whole == 0 else 256).choose(
        context, history, Random(1)
    )


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_the_shortlist_gives_the_answer_of_looking_at_everything(data: st.DataObject) -> None:
    policy = data.draw(st.sampled_from(EXACT))
    entries = data.draw(libraries(most=60))
    history = data.draw(histories(entries))
    soothe = policy == "calmest-familiar"  # otherwise a lot is drawn
    context = structs.replace(data.draw(contexts(entries)), soothe=soothe or data.draw(st.booleans()))
    plain = selector(policy, entries, whole=ALL).choose(context, history, Random(1))
    quick = selector(policy, entries, whole=0).choose(context, history, Random(1))
    assert quick == plain


def test_the_shortlist_of_a_large_library_gives_the_answer_of_looking_at_everything() -> None:
    random = Random(5)
    entries = [
        piece(f"p{n}", features(random.random()), year=random.randint(1930, 2000)) for n in range(3000)
    ]
    heard = random.sample(ids(entries), 200)
    history = History(
        plays=dict.fromkeys(heard, 2),
        since_play={t: Seconds(3600.0 * n) for n, t in enumerate(heard)},
        likes=dict.fromkeys(heard[:20], 3),
        blocked=frozenset(heard[20:30]),
    )
    plain, quick = (selector("calmest-familiar", entries, whole=w) for w in (ALL, 0))
    for floor in (0.0, 0.5, 0.9, 0.999, 1.0):
        context = structs.replace(SOOTHE, floor=floor)
        assert plain.choose(context, history, Random(1)) == quick.choose(context, history, Random(1))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_changes_one_by_one_lead_to_the_same_choices_as_all_at_once(data: st.DataObject) -> None:
    entries = data.draw(libraries())
    changed = {e.track.id: e for e in entries}
    grown = selector("calmest-familiar", entries, whole=0)
    for _ in range(data.draw(st.integers(0, 12)) if entries else 0):
        name = data.draw(st.sampled_from(sorted(ids(entries))))
        if data.draw(st.booleans()):
            changed.pop(name, None)
            grown.update([], [name])
        else:
            changed[name] = piece(name, data.draw(st.none() | st.builds(features, st.floats(0, 1))))
            grown.update([changed[name]])
    fresh = selector("calmest-familiar", list(changed.values()), whole=0)
    context = structs.replace(SOOTHE, relax=Relax.ALL)
    first, second = (s.choose(context, History(), Random(1)) for s in (grown, fresh))
    assert (first and first.track_id) == (second and second.track_id)
    assert len(grown._shelf) == len(fresh._shelf)
    assert grown._shelf.arousal_quantile(0.75) == fresh._shelf.arousal_quantile(0.75)
    assert grown._shelf.arousal_deviation() == pytest.approx(fresh._shelf.arousal_deviation(), abs=1e-6)


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_no_music_one_piece_all_blocked_and_nothing_analysed(policy: str) -> None:
    assert selector(policy, []).choose(SOOTHE, History(), Random(1)) is None
    only = selector(policy, [piece("x", features(0.7))])
    choice = only.choose(SOOTHE, History(), Random(1))
    assert choice is not None and choice.track_id == "x" and choice.propensity == 1.0
    blocked = History(refused=frozenset("x"))
    assert only.choose(SOOTHE, blocked, Random(1)) is None
    assert only.why_nothing(SOOTHE, blocked).startswith("The only piece: it upset the resident twice")
    bare = selector(policy, [piece(name) for name in "abc"])
    assert bare.choose(SOOTHE, History(), Random(1)) is None
    assert bare.choose(Context(), History(), Random(1)) is not None


@pytest.mark.parametrize("policy", ["random-approved", "learn", "calmest-familiar"])
def test_propensities_are_the_frequencies_of_choices(policy: str) -> None:
    """Mean of what was logged against what was done: within four standard errors."""
    entries = shuffled(row(6), 1)
    context = SOOTHE if policy != "calmest-familiar" else structs.replace(SOOTHE, soothe=False)
    choose, random, rounds = selector(policy, entries), Random(2), 1500
    counts: Counter[str] = Counter()
    inverse: dict[str, float] = defaultdict(float)
    for _ in range(rounds):
        choice = choose.choose(context, History(), random)
        assert choice is not None
        counts[choice.track_id] += 1
        inverse[choice.track_id] += 1 / choice.propensity
    for name, count in counts.items():
        if count > 100:  # E[1 chosen / propensity] = 1 for each track that can be chosen
            assert inverse[name] / rounds == pytest.approx(1.0, abs=4 * (rounds / count) ** 0.5 / rounds**0.5)
    assert len(counts) > 1


def test_two_equal_pieces_are_chosen_between_by_lot_only_with_consent() -> None:
    twins = [piece("a", features(0.8)), piece("b", features(0.8)), piece("c", features(0.2))]
    consent = Profile(id="demo", consent=Consent(randomise=True))
    seen: Counter[str] = Counter()
    choose = selector("calmest-familiar", twins, consent)
    for seed in range(200):
        choice = choose.choose(SOOTHE, History(), Random(seed))
        assert choice is not None and choice.propensity == 0.5 and "by lot" in choice.reason
        seen[choice.track_id] += 1
    assert set(seen) == {"a", "b"} and 70 < seen["a"] < 130
    for profile, situation in (
        (Profile(id="demo"), SOOTHE.situation),
        (consent, Situation(agitation=0.9)),
        (structs.replace(consent, risk="high"), SOOTHE.situation),
    ):
        context = structs.replace(SOOTHE, situation=situation)
        choice = selector("calmest-familiar", twins, profile).choose(context, History(), Random(1))
        assert choice is not None and choice.propensity == 1.0


def test_a_reason_reads_as_one_sentence() -> None:
    entries = [piece("Clair de lune", features(0.87), artist="Loved")]
    choice = selector("calmest-familiar", entries).choose(SOOTHE, History(), Random(1))
    assert choice is not None
    assert choice.reason == "“Clair de lune” by Loved: by a loved artist, calmness 0.87"


def test_an_unknown_policy_is_refused_with_the_names_of_the_known() -> None:
    with pytest.raises(SelectionError, match="calmest-familiar, familiar-first, iso, learn"):
        Selector("best", PROFILE)


def test_from_silence_music_that_soothes_is_not_of_the_livelier_quarter() -> None:
    """Also of the learner, which thinks most of what is loved: the cap is no matter of taste."""
    lively = [piece(f"loved{n}", features(0.1), artist="Vera Lynn") for n in range(3)]
    calm = [piece(f"calm{n}", features(0.8)) for n in range(9)]
    profile = Profile(id="demo", loved=Taste(artists=("Vera Lynn",)))
    for name in ("learn", "iso", "calmest-familiar", "random-approved"):
        selector = Selector(name, profile)
        selector.update([*lively, *calm])
        for seed in range(30):
            context = Context(soothe=True, situation=Situation(agitation=0.6))
            choice = selector.choose(context, History(), Random(seed))
            assert choice is not None and choice.track_id.startswith("calm")


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_where_all_music_is_alike_the_cap_from_silence_leaves_it(count: int) -> None:
    for calmness in (0.05, 0.31, 0.5, 0.93):
        selector = Selector("learn", Profile(id="demo"))
        selector.update([piece(f"p{n}", features(calmness)) for n in range(count)])
        context = Context(soothe=True, situation=Situation(agitation=0.6))
        assert selector.choose(context, History(), Random(1)) is not None
