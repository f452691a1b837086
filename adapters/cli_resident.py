"""`lull resident`: who is played for, and that person's data."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from player.errors import SettingsError, StoreError
from player.settings import Profile, Settings
from player.units import Seconds

Config = Annotated[Path | None, typer.Option("--config", help="Settings file; every key has a default.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Who = Annotated[str | None, typer.Argument(help="The pseudonym; without it, the one in the settings.")]
resident = typer.Typer(no_args_is_help=True, help="The resident's profile and data.")


@resident.command("add")
def add(
    pseudonym: Annotated[str, typer.Argument(help="Small letters, digits, hyphens; never a name.")],
    *,
    birth_year: Annotated[str | None, typer.Option(help="1938")] = None,
    languages: Annotated[str | None, typer.Option(help="en, de")] = None,
    loved: Annotated[str | None, typer.Option(help="“Greensleeves; artist: Vera Lynn”")] = None,
    never: Annotated[str | None, typer.Option(help="The same, of what must never be played.")] = None,
    risk: Annotated[str | None, typer.Option(help="How easily upset: low, moderate, high.")] = None,
    quiet_hours: Annotated[str | None, typer.Option(help="21:30-07:00, or none")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.yaml", help="Where to.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Change a profile that is there.")] = False,
    config: Config = None,
) -> None:
    """Ask the five questions, write the profile. What options answer is not asked."""
    from adapters.resident.profile_file import write_profile
    from adapters.resident.questions import QUESTIONS, check_pseudonym, profile_of
    from adapters.resident.stating import state
    from adapters.settings_file import load_profile

    check_pseudonym(pseudonym)
    settings = _settings(config)
    path = out or _own_file(settings, pseudonym)
    if path.exists() and not replace:
        raise SettingsError("is there already: change it by hand, or use --replace", file=str(path))
    base = load_profile(path) if path.exists() else None
    given = {
        "birth_year": birth_year, "languages": languages, "loved": loved, "never": never, "risk": risk,
        "quiet_hours": quiet_hours,
    }  # fmt: skip
    answers = {key: answer for key, answer in given.items() if answer is not None}
    asking = sys.stdin.isatty() and base is None
    for question in QUESTIONS:
        if question.key not in answers and base is None:
            answers[question.key] = (
                typer.prompt(f"{question.text} ({question.hint})", default=question.default, err=True)
                if asking
                else question.default
            )
    profile = profile_of(pseudonym, answers, base)
    write_profile(profile, path, replace=replace)
    typer.echo(f"Written: {path}")
    if Path(settings.resident) == path:
        if state(Path(settings.data), profile):
            typer.echo("It is in force in the Lull that runs.")
    else:
        typer.echo(f"Name it in the settings:  resident: {path}")


@resident.command("show")
def show(who: Who = None, config: Config = None, as_json: Json = False) -> None:
    """What is known of the resident, what was learned included."""
    from adapters.report.rows import JournalRows
    from adapters.resident.known import lines, titles_of
    from adapters.store.catalogue import Catalogue
    from player.session.messages import Memory
    from player.session.resident import in_force

    settings = _settings(config)
    profile = _profile(settings, who)
    folder = Path(settings.data)
    journal = folder / "journal.db"
    memory = (JournalRows(journal, profile.id).memory() if journal.exists() else None) or Memory()
    if as_json:
        shown = {"profile": in_force(profile, memory.profile), "memory": memory}
        sys.stdout.write(msgspec.json.encode(shown).decode() + "\n")
        return
    titles = {}
    if (folder / "catalogue.db").exists():
        catalogue = Catalogue(folder / "catalogue.db")
        try:
            titles = titles_of(catalogue.entries().values())
        finally:
            catalogue.close()
    for line in lines(profile, memory, titles, Seconds(time.time())):
        typer.echo(line)


@resident.command("export")
def export(
    who: Who = None,
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE.zip", help="Where to.")] = None,
    config: Config = None,
) -> None:
    """All of the person's data as one zip of open formats; also while Lull runs."""
    from adapters.resident.archive import write_archive

    settings = _settings(config)
    profile = _profile(settings, who)
    path = out or Path(f"{profile.id}.zip")
    manifest = write_archive(path, Path(settings.data) / "journal.db", profile)
    typer.echo(
        f"Written: {path} ({manifest.rows} rows of the journal). Its README.txt explains every column."
    )


@resident.command("backup")
def backup(
    who: Who = None,
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.zip", help="Another place, such as a USB stick.")
    ] = None,
    config: Config = None,
) -> None:
    """The same file, dated, kept in the data folder: `restore` takes it back, `forget` removes it."""
    from adapters.resident.archive import write_archive
    from adapters.resident.forgetting import BACKUPS

    settings = _settings(config)
    profile = _profile(settings, who)
    data = Path(settings.data)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    path = out or data / BACKUPS / f"{profile.id}.{stamp}.zip"
    manifest = write_archive(path, data / "journal.db", profile)
    typer.echo(f"Written: {path} ({manifest.rows} rows of the journal)")


@resident.command("restore")
def restore_(
    file: Annotated[Path, typer.Argument(help="Of `lull resident backup` or `export`.")],
    config: Config = None,
) -> None:
    """Take a backup back; stop Lull first."""
    from adapters.resident.restoring import restore, write_seed
    from adapters.system.lock import DataLock

    settings = _settings(config)
    with DataLock(Path(settings.data)):
        done = restore(file, Path(settings.data) / "journal.db")
    typer.echo(f"Restored: resident {done.resident}, {done.rows} rows ({done.known} were here already).")
    path = Path(settings.resident)
    if write_seed(file, path):
        typer.echo(f"Written: {path}")
    elif _profile(settings, None).id != done.resident:
        typer.echo(f"The settings name another resident in {path}: change `resident:` to play for this one.")


@resident.command("forget")
def forget(
    who: Who = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Remove all that is kept of the person, and prove it by a search through the bytes."""
    from adapters.resident.forgetting import forget as remove
    from adapters.resident.questions import check_pseudonym
    from adapters.settings_file import config_dir, load_profile

    settings = _settings(config)
    seed = Path(settings.resident)
    own = not seed.is_relative_to(config_dir()) and seed.exists()
    pseudonym = check_pseudonym(who) if who else load_profile(seed).id
    named = own and load_profile(seed).id == pseudonym
    if not yes:
        typer.confirm(
            f"Remove all that is kept of resident {pseudonym}? It cannot be undone", abort=True, err=True
        )
    done = remove(Path(settings.data), pseudonym, seed if named else None)
    if as_json:
        sys.stdout.write(msgspec.json.encode(done).decode() + "\n")
    else:
        of = done.erased
        typer.echo(f"Removed: {of.entries} rows of {of.runs} runs, {of.memories} memories.")
        for name in done.files:
            typer.echo(f"Removed: {name}")
        typer.echo(f"Searched: {done.searched} files, {done.bytes_searched} bytes of {settings.data}.")
        for name, count in done.elsewhere.items():
            typer.echo(f"The same word stands {count} times in {name}, which holds no data of residents.")
        if done.while_running:
            typer.echo(
                "The Lull that runs plays on; it keeps nothing more of this resident until its next start."
            )
        if named:
            typer.echo(
                f"The settings still name {seed}: before its next start Lull needs a profile there, "
                "which `lull resident add PSEUDONYM` writes."
            )
        typer.echo(
            "Not known to Lull: archives written elsewhere, backups of this machine, traces in a flash card."
        )
    if done.left and not done.erased.others:
        raise StoreError(f"The pseudonym still stands in {', '.join(done.left)}: run the same command again.")
    if not as_json:
        where = "only in rows of other residents" if done.left else "nowhere"
        typer.echo(f"The pseudonym {pseudonym} stands {where} in what is kept of residents.")


def _settings(config: Path | None) -> Settings:
    from adapters.settings_file import default_config, load_settings

    return load_settings(config or default_config())


def _profile(settings: Settings, who: str | None) -> Profile:
    """That of the settings; for another pseudonym only what was stated later is known."""
    from adapters.resident.questions import check_pseudonym
    from adapters.settings_file import load_profile

    if who is None:
        return load_profile(Path(settings.resident))
    check_pseudonym(who)
    path = Path(settings.resident)
    known = load_profile(path) if path.exists() else None
    return known if known is not None and known.id == who else Profile(id=who)


def _own_file(settings: Settings, pseudonym: str) -> Path:
    """Where the settings look, unless that is a shipped file."""
    import os

    from adapters.settings_file import config_dir

    named = Path(settings.resident)
    if not named.is_relative_to(config_dir()) and not named.exists():
        return named
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    folder = home / "lull" / "residents" if named.is_relative_to(config_dir()) else named.parent
    return folder / f"{pseudonym}.yaml"
