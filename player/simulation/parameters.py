"""Every parameter of the simulated world, with its unit and where it comes from.

Written down before any policies were compared, and not to be changed to please a ranking. "Guess": nobody
has measured it, the value is only meant to be plausible. Agitation is 0-1, `RESTLESS` and above counts as
agitated. The effect of a piece on a person is −1 (upsets) to 1 (soothes most), see `Effects`.
"""

from msgspec import Struct

RESTLESS = 0.5  # agitation from which a minute counts as agitated; a rating of 2 of 4
SETTLED = 0.4  # agitation below which an episode is over; hysteresis as in the default settings
RELAPSE_WITHIN = 30  # minutes after an episode; Gerdner 2000 observed for as long after the music
HARM = 0.1  # agitation above that of the same moments without the piece; guess


class Library(Struct, frozen=True, kw_only=True):
    """The approved music of one resident."""

    tracks: int = 60  # guess; a real list of Garrido's had 159
    artists: int = 20  # guess
    length_mean: float = 200.0  # s; guess: popular songs
    length_deviation: float = 40.0  # s; guess
    arousal_deviation: float = 0.35  # in [−1, 1]; guess
    calmness_noise: float = 0.08  # of calmness around 0.5 − 0.45 · arousal; guess
    measured_error: float = 0.1  # of the analysis, in calmness; guess
    minor: float = 0.2  # share in a minor key; guess
    startling: float = 0.05  # share with a rise above 8 LU in 3 s; guess
    spoken: float = 0.03  # share of spoken word; guess
    foreign: float = 0.08  # share in a language that the resident does not speak; guess
    no_year: float = 0.2  # share without a year; guess
    wrong_year: float = 0.15  # share with the year of a reissue; guess
    youth: float = 0.5  # share chosen by the family from the resident's youth, the others anything; guess


class Effects(Struct, frozen=True, kw_only=True):
    """What music does. The effect of a piece: mean + familiarity + calmness + own deviation, within ±1.

    An effect e multiplies the rate at which agitation fades by exp(fading · e), and the rate at which it
    builds up by exp(−rising · e). One below −bearable adds push · (|e| − bearable) to agitation each minute.
    """

    strength: float = 1.0  # factor on all effects; 0: music does nothing at all
    # Mean over pieces, and its deviation between residents. Set, together with `bearable` and `push`, so that
    # pieces by lot, at every episode, leave a day's agitation where silence leaves it (METRIcAL: no effect).
    mean: tuple[float, float] = (0.32, 0.2)
    familiarity: tuple[float, float] = (0.35, 0.12)  # weight, between residents; "familiarity first": SCIENCE
    calmness: tuple[float, float] = (0.25, 0.12)  # weight, between residents; "acoustics second": SCIENCE
    own: float = 0.3  # deviation of one piece for one resident; Janssen 2012: songs differ; guess
    half_life: float = 25.0  # days, of the drift of `own`; SCIENCE: 3-4 weeks
    upsetting: tuple[int, int] = (2, 4)  # pieces that upset this resident, whatever they sound like; guess
    startle: float = 0.5  # taken from the effect of a startling piece; guess
    # Modest: the ten best pieces, played at every episode, take about a fifth off the agitated minutes of a
    # day; most of an episode is over before music can help, and needs are not reached.
    fading: float = 1.0  # log of the factor; guess
    rising: float = 0.4  # log of the factor; guess
    bearable: float = 0.6  # a piece disliked no more than this does not agitate by itself; guess
    push: float = 0.1  # agitation per minute; guess: an upsetting piece harms within three minutes
    tiring: float = 0.015  # per minute heard; a positive effect is multiplied by exp(−tiredness); guess
    recovery: float = 4.0  # days, time constant of tiredness; Harrison 2021: effects fade with weeks; guess


class Unrest(Struct, frozen=True, kw_only=True):
    """How agitation comes and goes by itself."""

    base: tuple[float, float] = (0.1, 0.25)  # agitation at rest, range between residents; guess
    evening: float = 0.08  # more agitation at the usual hour; guess
    wobble: float = 0.04  # deviation of slow changes without a cause; guess
    wobble_time: float = 20.0  # minutes; guess
    causes_per_day: tuple[float, float] = (3.5, 0.4)  # median, and deviation of its log; guess
    usual_share: float = 0.55  # share of the causes that come around the usual hour; sundowning; guess
    usual_hour: tuple[float, float] = (990.0, 75.0)  # minute of the day: mean, deviation; late afternoon
    usual_width: float = 75.0  # minutes, standard deviation around the usual hour; guess
    size: tuple[float, float] = (0.3, 0.9)  # agitation that a cause brings, range; guess
    rise: float = 4.0  # minutes, time constant of building up; guess
    dissipation: float = 0.04  # share of what has not built up yet that passes by each minute; guess
    fade: float = 18.0  # minutes, time constant of fading without music (regression to the mean); guess
    fade_deviation: float = 0.25  # of its log, between residents; guess
    need: float = (
        0.12  # share of causes that are unmet needs: pain, thirst, toilet; SCIENCE names them; guess
    )


class Sensors(Struct, frozen=True, kw_only=True):
    """A wearable that gives one score a minute. score = offset + gain · agitation + noise + false bout.

    Chosen so that minutes are told apart with an AUC near 0.8, and so that a plain threshold at 0.6 gives
    about ten false alarms for each true one (SCIENCE, "Sensing": 0.77-0.81; home sensors 10 to 1). An alarm
    is a rise of the score above the threshold; a true one is the first within an episode.
    """

    offset: float = 0.17
    gain: tuple[float, float] = (0.48, 0.1)  # mean and deviation between residents
    noise: float = 0.16
    noise_time: float = 8.0  # minutes, time constant of the noise
    bouts_per_day: float = 24.0  # dancing, tapping, care, a game: looks like agitation
    bout: tuple[float, float] = (0.25, 0.5)  # height in score, range
    bout_length: tuple[float, float] = (5.0, 0.8)  # minutes: median, and deviation of its log
    stuck: float = 0.05  # per day: the same value for hours; guess
    dropout: float = 0.2  # per day: nothing for hours; guess
    trouble_hours: tuple[float, float] = (0.5, 4.0)  # of either, range; guess
    worn_after: float = (
        20.0  # minutes from waking until it is worn, and before bed when it is taken off; guess
    )


class Staff(Struct, frozen=True, kw_only=True):
    """All guesses: no study was read that counts such presses. Probabilities, at a visit unless said."""

    visits_per_hour: float = 1.2  # by day
    notices: float = 0.6  # an agitated resident
    calms: float = 0.4  # having noticed, presses `calm`
    rates: float = 0.3  # having noticed, gives a rating 0-4; otherwise one visit in thirty
    rates_calm: float = 0.03
    rating_noise: float = 0.6  # standard deviation, in steps of the rating
    mends: float = 0.7  # an unmet need
    comes: float = 0.6  # after the player asked for it
    comes_after: tuple[int, int] = (3, 15)  # minutes
    judges_own: float = 0.4  # better, same or worse, after a change of music that they asked for
    judges_other: float = 0.08  # after one that sensors brought
    judges_after: int = 6  # minutes
    judgement_noise: float = 0.12  # in agitation
    better: float = -0.15  # change of agitation that is called better
    worse: float = 0.1
    dislikes: float = 0.3  # having seen a piece upset the resident
    never: float = 0.1
    next: float = 0.01
    bedtime: float = 0.8  # stop the music when the resident goes to bed


class Family(Struct, frozen=True, kw_only=True):
    """What the profile knows. Guesses."""

    birth_year: tuple[int, int] = (1930, 1948)
    usual_hour_known: float = 0.6
    usual_hour_wrong: float = 0.2  # by an hour; otherwise not known
    loved_artists: int = 2
    loved_tracks: int = 3
    opinion_noise: float = 0.2  # deviation, of what they think is familiar
    warns: float = 0.3  # of one piece that upsets


class World(Struct, frozen=True, kw_only=True):
    """One world. `familiar`: how well a piece is known, from the age at its release and by chance.

    prompts: whether staff come when the player asks for them.
    """

    library: Library = Library()
    effects: Effects = Effects()
    unrest: Unrest = Unrest()
    sensors: Sensors = Sensors()
    staff: Staff = Staff()
    family: Family = Family()
    prompts: bool = True
    bump: tuple[float, float] = (16.0, 8.0)  # age, and deviation in years; Rao 2021, Baird 2018
    familiar: tuple[float, float] = (0.2, 0.6)  # far from the bump, and what its peak adds; guess
    familiar_artist: float = 0.12  # deviation between artists; guess
    familiar_noise: float = 0.15  # deviation between pieces; guess
    foreign: float = 0.5  # factor on familiarity; guess
    wakes: tuple[float, float] = (420.0, 20.0)  # minute of the day: mean, deviation between days; guess
    sleeps: tuple[float, float] = (1290.0, 20.0)  # minute of the day; the default quiet hours begin then


# Nothing that the player does changes anything: agitation is the same whatever the policy.
NO_EFFECT = World(effects=Effects(strength=0.0), prompts=False)
