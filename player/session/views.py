"""What people see: states for the broker and the page, and readable reasons."""

from player.model import CatalogueEntry, ListenerState, Selection
from player.session.messages import Decision, PlaybackState, TrackView
from player.session.motive import Motive
from player.session.states import Fading, Held, Idle, Paused, Playing, Resting, Soothing, State
from player.units import Seconds


def track_view(entry: CatalogueEntry | None) -> TrackView | None:
    if entry is None:
        return None
    track = entry.track
    return TrackView(id=track.id, title=track.title, artist=track.artist, duration=track.duration)


def playback(
    state: State, entry: CatalogueEntry | None, *, position: Seconds, device: str, fault: str
) -> PlaybackState:
    """`playing` and `soothing` are said only while a deck is heard (frames were written)."""
    match state:
        case Idle(reason=reason) | Resting(reason=reason):
            name = "idle"
        case Fading(reason=reason):
            name = "playing" if entry else "idle"
        case Playing(reason=reason):
            name = "playing" if entry else "starting"
        case Soothing(reason=reason):
            name = "soothing" if entry else "starting"
        case Paused(by=by):
            name, reason = "paused", f"Paused by {by}."
        case Held(by=by):
            name, reason = "held", f"Stopped by {by}; press play to go on."
    affect = entry.features.affect if entry and entry.features else None
    return PlaybackState(
        state=name,
        track=track_view(entry),
        position=position,
        since=state.since,
        reason=reason,
        device=device,
        fault=fault,
        calmness=affect.calmness if affect else None,
    )


def decision_of(
    motive: Motive,
    at: Seconds,
    tracks: tuple[CatalogueEntry | None, CatalogueEntry | None],
    choice: Selection | None,
    agitation: float | None,
) -> Decision:
    """For the record. tracks: what was heard, and what will be."""
    before, after = tracks
    return Decision(
        event_type=motive.kind,
        at=at,
        reason=motive.reason,
        from_track=track_view(before),
        to_track=track_view(after),
        trigger=motive.trigger,
        policy=choice.policy if choice else "",
        propensity=choice.propensity if choice else 1.0,
        expected_reward=choice.expected_reward if choice else 0.0,
        agitation=agitation,
        context=choice.context if choice else {},
        basis=choice.basis if choice else {},
    )


def restless(listener: ListenerState, persisted: Seconds) -> str:
    """Why a sensor's episode changes the music, in one clause."""
    sources = ", ".join(dict.fromkeys(evidence.source for evidence in listener.why))
    return f"restless for {persisted:.0f} s (agitation {listener.agitation:.2f}, from {sources})"
