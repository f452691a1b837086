"""What a service goes on with when its settings cannot be used.

In a terminal that is an error at once. A service is started again at night, after a power cut, when nobody
looks: a slip in yesterday's typing must not leave the room silent.
"""

import os
from collections.abc import Collection
from pathlib import Path

from msgspec import Struct, structs

from adapters.calibration.stored import calibrated
from adapters.settings_file import default_config, default_data, load_profile, load_settings
from player.errors import SelectionError, SettingsError
from player.session.messages import Started
from player.settings import PolicySettings, Profile, Settings


class Given(Struct, frozen=True, kw_only=True):
    """problems: what was wrong, and what is in force instead. patient: of a service."""

    settings: Settings
    profile: Profile
    problems: tuple[str, ...] = ()
    patient: bool = False


def given(config: Path | None = None) -> Given:
    """Settings and profile of a run; of the last one where a file cannot be used. Raises `SettingsError`."""
    patient = "NOTIFY_SOCKET" in os.environ
    problems: list[str] = []
    try:
        settings = calibrated(load_settings(config or default_config()))
    except SettingsError as error:
        settings = _last(default_data(), patient, error).settings
        problems.append(f"{error} Those of the last start are in force.")
    try:
        profile = load_profile(Path(settings.resident))
    except SettingsError as error:
        last = _last(settings.data, patient, error)
        if last.settings.resident != settings.resident or not os.path.exists(settings.resident):
            raise  # of somebody else, or of nobody
        profile = last.profile
        problems.append(  # in the log too, where nothing of a resident belongs
            f"The resident's profile cannot be used (line {error.line}): `lull check` says why. "
            "That of the last start is in force."
        )
    return Given(settings=settings, profile=profile, problems=tuple(problems), patient=patient)


def with_policy(start: Given, known: Collection[str]) -> Given:
    """A service goes on with the default policy where it does not know the one named.

    Raises `SelectionError` outside a service.
    """
    policy, plain = start.settings.policy, PolicySettings().name
    if policy.name in known:
        return start
    problem = f"there is no policy {policy.name!r}"
    if not start.patient:
        raise SelectionError(f"{problem}: use one of {', '.join(sorted(known))}")
    return structs.replace(
        start,
        settings=structs.replace(start.settings, policy=structs.replace(policy, name=plain)),
        problems=(*start.problems, f"{problem}: {plain} is in force."),
    )


def _last(data: str, patient: bool, error: SettingsError) -> Started:
    """Raises `error` where there is nothing to go on with."""
    if not patient:
        raise error
    from adapters.store.last_run import last_run  # seldom needed, and the start is quick without

    last = last_run(Path(data) / "journal.db")
    if last is None:
        raise error
    return last
