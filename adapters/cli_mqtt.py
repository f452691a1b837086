"""`lull mqtt`: try a mapping, see what devices say, send one message."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path | None, typer.Option("--config", help="Settings file; every key has a default.")]
mqtt = typer.Typer(no_args_is_help=True, help="Try a mapping, see what devices say, send one message.")


@mqtt.command("test")
def mqtt_test(
    file: Annotated[Path, typer.Argument(help="A file with mappings.")],
    *,
    topic: Annotated[str, typer.Option(help="Where the message comes.")],
    payload: Annotated[str, typer.Option(help="What it says.")] = "",
    retained: Annotated[bool, typer.Option("--retained", help="As if the broker had stored it.")] = False,
    playing: Annotated[bool, typer.Option("--playing", help="As if music were heard.")] = False,
) -> None:
    """Explain step by step what the mappings make of a message; no broker is needed."""
    from adapters.devices_file import load_devices
    from adapters.mqtt.tools import Trial, explain

    trial = Trial(topic=topic, payload=payload, retain=retained, playing=playing)
    typer.echo("\n".join(explain(load_devices(file), trial)))


@mqtt.command("sniff")
def mqtt_sniff(
    *,
    topic: Annotated[list[str] | None, typer.Option(help="Read this too; + is one level.")] = None,
    minutes: Annotated[float, typer.Option(min=0.01, help="How long.")] = 5.0,
    out: Annotated[Path | None, typer.Option(metavar="FILE.jsonl", help="Record, without addresses.")] = None,
    hide: Annotated[list[str] | None, typer.Option(help="A name to leave out of the recording.")] = None,
    config: Config = None,
) -> None:
    """Show what arrives, what it means, and why not."""
    from adapters.devices_file import load_devices
    from adapters.mqtt.tools import Watch, reachable, sniff_for
    from adapters.settings_file import default_config, load_settings

    settings = load_settings(config or default_config())
    mappings = load_devices(Path(settings.devices)) if settings.devices else ()
    broker = reachable(settings.mqtt, Path(settings.data))
    watch = Watch(typer.echo, out, hide or ())
    asyncio.run(sniff_for(broker, mappings, tuple(topic or ()), watch, 60.0 * minutes))


@mqtt.command("send")
def mqtt_send(
    topic: Annotated[str, typer.Argument(help="Where to.")],
    payload: Annotated[str, typer.Argument(help="What it says.")] = "",
    config: Config = None,
) -> None:
    """Publish one message, QoS 1, never retained."""
    from adapters.mqtt.tools import reachable, send
    from adapters.settings_file import default_config, load_settings

    settings = load_settings(config or default_config())
    asyncio.run(send(reachable(settings.mqtt, Path(settings.data)), topic, payload))


@mqtt.command("contract")
def mqtt_contract() -> None:
    """Print what Lull says and takes: an AsyncAPI 3.0 document with JSON Schemas."""
    import msgspec

    from adapters.mqtt.contract import asyncapi

    typer.echo(msgspec.json.format(msgspec.json.encode(asyncapi()), indent=2).decode())
