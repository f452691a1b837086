"""The shipped broker configuration: TLS, accounts, rights, and what Lull says when they are wrong."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from adapters.mqtt.discovery import announcement
from adapters.mqtt.endpoint import CREDENTIAL
from adapters.mqtt.mapping.compiler import compile_mapping
from adapters.mqtt.topics import Topics
from adapters.mqtt.trial import try_rights
from adapters.ward.follow import WardLink
from adapters.ward.rooms import Ward
from player.errors import MqttError, SettingsError
from player.settings import MqttSettings
from player.units import Seconds
from tests.support.broker import PATIENCE_S, PROGRAM, Broker, listening
from tests.support.certificates import authority, certificate
from tests.support.link import linked

SHIPPED = Path(__file__).parents[2] / "config" / "broker"
ROOM = Topics("lull", "home1", "room7")
DEAF = "user deaf\ntopic write lull/v1/home1/room7/#\n"  # a player whose right to read was forgotten
PLAIN = "user plain\ntopic readwrite lull/v1/home1/room7/#\n"  # one that may not speak to Home Assistant
ACCOUNTS = {
    "player-room7": "pw-player",
    "staff": "pw-staff",
    "ward": "pw-ward",
    "strap-7": "pw-strap",
    "deaf": "pw-deaf",
    "plain": "pw-plain",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def secure_config(folder: Path, ports: tuple[int, int], certificate_name: str = "broker") -> Path:
    """The shipped files, with the paths and ports of this test."""
    text = (SHIPPED / "mosquitto.conf").read_text()
    text = text.replace("/etc/mosquitto/lull", str(folder)).replace("/var/lib/mosquitto", str(folder))
    text = text.replace("broker.crt", f"{certificate_name}.crt").replace(
        "broker.key", f"{certificate_name}.key"
    )
    for shipped, here in zip(("8883", "8884"), ports, strict=True):
        assert f"listener {shipped}\n" in text
        text = text.replace(f"listener {shipped}\n", f"listener {here} 127.0.0.1\n")
    (folder / "acl").write_text((SHIPPED / "acl").read_text() + DEAF + PLAIN)
    (folder / "acl").chmod(0o600)
    file = folder / f"{certificate_name}.conf"
    file.write_text(text + "user root\nlog_dest none\n")
    return file


def started(file: Path, port: int) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", PROGRAM, "-c", str(file)], stderr=subprocess.DEVNULL
    )
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            assert process.poll() is None, "mosquitto does not start with the shipped configuration"
            os.sched_yield()
        else:
            return process
    raise TimeoutError("mosquitto does not listen")


class Secure:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.certified_port = free_port(), free_port()
        authority(folder)
        certificate(folder, "broker", host="127.0.0.1")
        certificate(folder, "player-room7")
        (folder / "passwd").touch(0o600)
        for user, password in ACCOUNTS.items():
            subprocess.run(
                ["mosquitto_passwd", "-b", "passwd", user, password], cwd=folder, check=True, timeout=30
            )
            (folder / f"{user}.login").write_text(f"{user}\n{password}\n")
        self.process = started(secure_config(folder, (self.port, self.certified_port)), self.port)

    def settings(self, user: str = "player-room7", **other: str) -> MqttSettings:
        return MqttSettings(
            url=f"mqtts://127.0.0.1:{self.port}",
            credentials_file=str(self.folder / f"{user}.login"),
            ca_file=other.get("ca_file", str(self.folder / "ca.crt")),
        )


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    running = Secure(tmp_path_factory.mktemp("secure"))
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.wait()


async def test_the_player_has_every_right_that_it_needs(secure: Secure) -> None:
    said = await try_rights(secure.settings(), ROOM)
    assert "MQTT 5" in said and "TLS" in said
    async with linked(secure.settings()) as rig:
        await rig.connected()
        assert rig.changes == [(True, "")], "something was refused"
        topic = announcement(ROOM, "1").topic
        assert f"topic write {topic}\n" in (SHIPPED / "acl").read_text()


async def test_a_certificate_is_an_account(secure: Secure) -> None:
    mine = MqttSettings(
        url=f"mqtts://127.0.0.1:{secure.certified_port}",
        ca_file=str(secure.folder / "ca.crt"),
        cert_file=str(secure.folder / "player-room7.crt"),
        key_file=str(secure.folder / "player-room7.key"),
    )
    assert "reads and writes lull/v1/home1/room7/#" in await try_rights(mine, ROOM)
    without = MqttSettings(url=mine.url, ca_file=mine.ca_file)
    with pytest.raises(MqttError, match=r"cert_file|answer|connection"):
        await try_rights(without, ROOM)


async def test_a_systemd_credential_is_found(secure: Secure, monkeypatch: pytest.MonkeyPatch) -> None:
    (secure.folder / CREDENTIAL).write_text("player-room7\npw-player\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secure.folder))
    settings = MqttSettings(url=f"mqtts://127.0.0.1:{secure.port}", ca_file=str(secure.folder / "ca.crt"))
    assert "answers" in await try_rights(settings, ROOM)


async def test_a_wrong_password_says_which_file_to_check(secure: Secure) -> None:
    (secure.folder / "wrong.login").write_text("player-room7\nwrong\n")
    with pytest.raises(MqttError, match="credentials_file"):
        await try_rights(secure.settings("wrong"), ROOM)


async def test_a_right_that_is_missing_is_named(secure: Secure) -> None:
    """Also under MQTT 5, where the refusal comes as a reason code and not as a lost connection."""
    with pytest.raises(MqttError, match=re.escape("lull/v1/home1/room7/telemetry")):
        await try_rights(secure.settings("strap-7"), ROOM)
    async with linked(secure.settings("strap-7")) as rig:
        await rig.until(lambda: any("does not let us write" in why for _, why in rig.changes))
        why = next(why for _, why in rig.changes if why)
        assert "Not authorized" in why and "give this account the right" in why


async def test_a_right_to_read_that_is_missing_is_named(secure: Secure) -> None:
    """Mosquitto agrees to the subscription all the same: only what does not come shows it."""
    with pytest.raises(MqttError, match=r"does not come back.*read and write lull/v1/home1/room7/#"):
        await try_rights(secure.settings("deaf"), ROOM)


async def test_a_right_to_speak_to_home_assistant_that_is_missing_is_named(secure: Secure) -> None:
    settings = secure.settings("plain")
    with pytest.raises(MqttError, match=re.escape("homeassistant/device/lull_home1_room7/config")):
        await try_rights(settings, ROOM)
    silent = msgspec.structs.replace(settings, discovery=False)
    assert "reads and writes" in await try_rights(silent, ROOM)


async def test_the_check_leaves_nothing_with_the_broker(broker: Broker) -> None:
    await try_rights(MqttSettings(url=broker.url), ROOM)
    async with listening(broker.port, "homeassistant/#") as person:
        await person.client.publish("homeassistant/end", "0", qos=1)
        await person.wait("homeassistant/end")
        assert person.all("/config") == []


async def test_a_device_whose_topic_may_not_be_read_is_not_called_readable(secure: Secure) -> None:
    button = compile_mapping(
        {"topic": "stat/bedside/RESULT", "kind": "event", "on": {"SINGLE": {"command": "stop"}}}
    )
    said = await try_rights(secure.settings(), ROOM, [button])
    assert "asks for 1 device topics" in said and "lull mqtt sniff" in said


async def test_a_ward_sees_and_commands_but_reads_no_signal(secure: Secure) -> None:
    ward = Ward("lull", "home1")
    link = WardLink(secure.settings("ward"), ward, lambda: Seconds(0.0))
    async with linked(secure.settings()) as rig:
        await rig.connected()
        await link.read_for(Seconds(2.0))
    assert [room.player for room in ward.rooms(Seconds(0.0))] == ["room7"]


# paho leaves the socket of a failed handshake to the garbage collector
unclosed = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@unclosed
async def test_an_unknown_authority_is_said(secure: Secure, tmp_path: Path) -> None:
    authority(tmp_path, "stranger")
    with pytest.raises(MqttError, match=r"not trusted .*ca_file"):
        await try_rights(secure.settings(ca_file=str(tmp_path / "stranger.crt")), ROOM)


@unclosed
@pytest.mark.parametrize(("host", "days"), [("127.0.0.9", 2), ("127.0.0.1", -1)])
async def test_a_certificate_of_another_name_or_day_is_said(secure: Secure, host: str, days: int) -> None:
    name, port = f"odd{days + 1}", free_port()
    certificate(secure.folder, name, host=host, days=days)
    process = started(secure_config(secure.folder, (port, free_port()), name), port)
    try:
        settings = MqttSettings(url=f"mqtts://127.0.0.1:{port}", ca_file=str(secure.folder / "ca.crt"))
        with pytest.raises(MqttError, match=r"mismatch|not valid for|expired"):
            await try_rights(settings, ROOM)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"ca_file": "/nonexistent"}, "mqtt.ca_file"),
        ({"cert_file": "/nonexistent"}, "mqtt.cert_file"),
        ({"key_file": "/nonexistent"}, "mqtt.key_file"),
    ],
)
async def test_a_file_that_cannot_be_used_is_a_settings_error(changed: dict[str, str], key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        await try_rights(msgspec.convert({"url": "mqtts://127.0.0.1:1", **changed}, MqttSettings), ROOM)
    assert caught.value.key == key
