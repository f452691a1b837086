"""When is this person usually restless? Named in the profile, or learned from the episodes there were."""

from player.session.messages import RestlessHours
from player.settings import ClockTime
from player.units import Seconds

# Own judgement.
HALF_LIFE = Seconds(25 * 86_400.0)  # s, drift of weeks
LEAST_EPISODES = 3.0  # about one hour, faded, before it counts as usual
LEAST_SHARE = 0.3  # of all episodes that fall within the hour and its neighbours
NEIGHBOUR = 0.5  # weight of the hour before and after
BOUT = Seconds(3 * 3600.0)  # one bout of restlessness counts once
HOURS = 24


def with_episode(hours: RestlessHours, minute: int, at: Seconds) -> RestlessHours:
    """minute: of the local day at which an episode began."""
    if any(hours.weights) and 0.0 <= at - hours.at < BOUT:
        return hours
    keep = 2.0 ** (-max(at - hours.at, 0.0) / HALF_LIFE)
    hour = minute // 60 % HOURS
    weights = tuple(keep * weight + (n == hour) for n, weight in enumerate(hours.weights))
    return RestlessHours(weights=weights, at=Seconds(max(at, hours.at)))


def usual_minute(hours: RestlessHours, named: ClockTime | None, at: Seconds) -> int | None:
    """Minute of the local day at which restlessness usually begins; None: not known."""
    if named is not None:
        return int(named[:2]) * 60 + int(named[3:])
    keep = 2.0 ** (-max(at - hours.at, 0.0) / HALF_LIFE)
    around = [
        hours.weights[n] + NEIGHBOUR * (hours.weights[n - 1] + hours.weights[(n + 1) % HOURS])
        for n in range(HOURS)
    ]
    most = max(range(HOURS), key=lambda n: (around[n], -n))
    total = sum(hours.weights)
    if keep * around[most] < LEAST_EPISODES or around[most] < LEAST_SHARE * total:
        return None
    return most * 60
