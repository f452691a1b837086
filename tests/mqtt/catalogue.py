"""Literal payloads of real devices, the profile that reads them, and what must come out.

`rows` begins a profile and its topic; then payload and the beginning of each outcome in words.
"""

from typing import NamedTuple


class Row(NamedTuple):
    profile: str
    topic: str
    payload: str
    outcomes: tuple[str, ...]
    own: dict[str, object]


CATALOGUE: list[Row] = []


def rows(profile: str, topic: str, table: dict[str, str | tuple[str, ...]], **own: object) -> None:
    """`own`: what the user writes beside the profile."""
    for payload, outcomes in table.items():
        wanted = (outcomes,) if isinstance(outcomes, str) else outcomes
        CATALOGUE.append(Row(profile, topic, payload, wanted, own))


def action(name: str, **rest: object) -> str:
    extra = "".join(f',"{key}":{value}' for key, value in rest.items())
    return f'{{"action":"{name}","linkquality":10{extra}}}'


PLAY, STOP, NEXT, CALM = "command play by", "command stop", "command next", "command calm"
BOTH, LOUDER, QUIETER = "command play_pause", "command louder", "command quieter"
UNLISTED, EMPTY, OTHER = "ignored, unlisted", "ignored, empty", "ignored, other-message"
BUTTON = "zigbee2mqtt/room12/button"

# --- Zigbee2MQTT -------------------------------------------------------------------------------------------

rows(
    "zigbee2mqtt/aqara-wxkg11lm",
    "zigbee2mqtt/button",
    {
        '{"action":"single","linkquality":10}': BOTH,
        '{"action":"single","battery":null,"linkquality":null,"voltage":null,"power_outage_count":null,'
        '"device_temperature":null}': BOTH,
        '{"action":"double"}': NEXT,
        '{"action":"triple"}': CALM,
        '{"action":"hold"}': STOP,
        '{"action":"release"}': UNLISTED,
        '{"action":"quadruple"}': UNLISTED,
        '{"action":"shake"}': UNLISTED,
        '{"action":"many"}': UNLISTED,
        '{"battery":97,"linkquality":66}': EMPTY,
        '{"action":""}': EMPTY,
        '{"action":null}': EMPTY,
        "": EMPTY,
    },
)
rows(
    "zigbee2mqtt/action-topic", "zigbee2mqtt/button/action", {"single": BOTH, "": EMPTY, "release": UNLISTED}
)
for name in ("ikea-e1743", "ikea-e2201", "ikea-styrbar", "ikea-bilresa"):
    rows(
        f"zigbee2mqtt/{name}",
        BUTTON,
        {
            action("on"): PLAY,
            action("off"): STOP,
            action("brightness_move_up"): LOUDER,
            action("brightness_move_down"): QUIETER,
            action("brightness_stop"): UNLISTED,
        },
    )
rows(
    "zigbee2mqtt/ikea-styrbar",
    BUTTON,
    {
        action("arrow_left_click"): CALM,
        action("arrow_right_click"): NEXT,
        action("arrow_left_hold"): UNLISTED,
        action("arrow_left_release", action_duration=1.2): UNLISTED,
    },
)
rows("zigbee2mqtt/ikea-bilresa", BUTTON, {action("on_double"): NEXT, action("off_double"): CALM})
rows("zigbee2mqtt/ikea-e1812", BUTTON, {action("on"): BOTH, action("off"): STOP})
rows("zigbee2mqtt/ikea-e1524", BUTTON, {action("toggle"): BOTH, action("brightness_up_click"): LOUDER})
rows(
    "zigbee2mqtt/ikea-symfonisk",
    BUTTON,
    {action("toggle"): BOTH, action("brightness_step_up"): NEXT, action("brightness_step_down"): CALM},
)
rows(
    "zigbee2mqtt/ikea-symfonisk-2",
    BUTTON,
    {
        action("toggle"): BOTH,
        action("track_next"): NEXT,
        action("track_previous"): CALM,
        action("volume_up"): LOUDER,
        action("volume_down"): QUIETER,
        action("dots_1_initial_press"): UNLISTED,
        action("dots_1_short_release"): "command like",
        action("dots_2_short_release"): "command dislike",
    },
)
rows(
    "zigbee2mqtt/ikea-somrig",
    BUTTON,
    {
        action("1_initial_press"): UNLISTED,
        action("1_short_release"): BOTH,
        action("1_double_press"): NEXT,
        action("1_long_press"): STOP,
        action("1_long_release"): UNLISTED,
        action("2_short_release"): CALM,
    },
)
rows("zigbee2mqtt/sonoff-snzb-01", BUTTON, {action("single"): BOTH, action("long"): STOP})
rows(
    "zigbee2mqtt/sonoff-snzb-01m",
    BUTTON,
    {action("single_button_1"): BOTH, action("single_button_4"): LOUDER, action("triple_button_4"): UNLISTED},
)
rows("zigbee2mqtt/tuya-ts0041", BUTTON, {action("single"): BOTH, action("hold"): STOP})
rows("zigbee2mqtt/tuya-ts0044", BUTTON, {action("1_single"): BOTH, action("4_hold"): UNLISTED})
rows(
    "zigbee2mqtt/tuya-ts004f",
    BUTTON,
    {action("on"): PLAY, action("brightness_step_up"): LOUDER, action("color_temperature_step_up"): UNLISTED},
)
rows("zigbee2mqtt/tuya-sos", BUTTON, {action("emergency"): STOP})
rows(
    "zigbee2mqtt/aqara-vibration",
    "zigbee2mqtt/room12/bed",
    {
        '{"action":"vibration","vibration":true,"strength":30,"angle_x":1,"angle_y":-2,"angle_z":88,'
        '"battery":100,"linkquality":120}': "reading movement 0.3",
        '{"vibration":false,"strength":30,"angle_x":1,"battery":100}': OTHER,
        '{"action":"tilt","angle":30}': "ignored, absent",
    },
)
rows(
    "zigbee2mqtt/occupancy",
    "zigbee2mqtt/occupancy_sensor",
    {
        '{"occupancy": true}': "reading presence 1",
        '{"occupancy":false,"illumination":"dim","occupancy_timeout":60}': "reading presence 0",
        '{"battery":100,"illuminance":381,"voltage":3045,"device_temperature":19,"power_outage_count":34}': (
            "ignored, absent"
        ),
        '{"occupancy":null}': "ignored, absent",
    },
)
rows(
    "zigbee2mqtt/presence",
    "zigbee2mqtt/fp1e",
    {
        '{"presence":true,"target_distance":1.4,"movement":"approach"}': "reading presence 1",
        '{"presence":false,"presence_event":"leave"}': "reading presence 0",
        '{"illuminance":12,"fading_time":30}': "ignored, absent",
    },
)
rows(
    "zigbee2mqtt/owon-fds315",
    "zigbee2mqtt/room12/bedradar",
    {
        '{"status":"on_the_bed","breathing_rate":14,"location_x":-40,"location_y":120,"linkquality":98}': (
            "reading posture 1",
            "reading bed_occupied 1",
            "reading respiration 14",
        ),
        '{"status":"falling","breathing_rate":0}': (
            "reading posture 5",
            "reading bed_occupied 0",
            "ignored, zero",
        ),
        '{"status":"unoccupied","breathing_rate":99}': (
            "reading posture 0",
            "reading bed_occupied 0",
            "rejected, out-of-range",
        ),
    },
)

# --- Tasmota -----------------------------------------------------------------------------------------------

rows(
    "tasmota/button",
    "stat/tasmota/RESULT",
    {
        '{"Button1":{"Action":"SINGLE"}}': BOTH,
        '{"Button1":{"Action":"DOUBLE"}}': NEXT,
        '{"Button1":{"Action":"HOLD"}}': STOP,
        '{"Button1":{"Action":"PENTA"}}': UNLISTED,
        '{"Button1":{"Action":"CLEAR"}}': UNLISTED,
        '{"POWER":"OFF"}': EMPTY,
    },
)
rows("tasmota/switch", "stat/tasmota/RESULT", {'{"Switch1":{"Action":"ON"}}': PLAY})
rows(
    "tasmota/contact",
    "tele/tasmota/SENSOR",
    {'{"Time":"2021-01-01T00:00:00","Switch1":"OFF"}': "reading presence 0"},
)
rows("tasmota/pir", "stat/tasmota/PIR1", {"ON": "reading presence 1", "OFF": "reading presence 0"})
rows(
    "tasmota/ld2410",
    "tele/tasmota/SENSOR",
    {
        '{"Time":"2024-11-09T12:52:46","LD2410":{"Distance":[200.0,181.0,144.0],"Energy":[13,100]}}': (
            "ignored, waiting"
        )
    },
)
rows(
    "tasmota/hx711",
    "stat/tasmota/STATUS8",
    {
        '{"StatusSNS":{"Time":"2022-06-11T10:58:18","HX711":{"Weight":0,'
        '"WeightRaw":4782,"AbsRaw":110004}}}': ("ignored, waiting"),
        '{"Time":"2020-03-24T12:47:51","LYWSD03-52680f":{"Temperature":21.1,"Humidity":58.0,"DewPoint":12.5,'
        '"Battery":100},"TempUnit":"C"}': "ignored, absent",
    },
)
rows(
    "tasmota/ibeacon",
    "tele/ibeacon/SENSOR",
    {
        '{"Time":"2021-01-02T12:08:40","IBEACON":{"MAC":"A4C1387FC1E1","RSSI":-56,"STATE":"ON"}}': (
            "reading presence 1"
        ),
        '{"Time":"2021-01-02T12:08:40","IBEACON":{"MAC":"A4C1387FC1E1","RSSI":-56,"STATE":"OFF"}}': (
            "reading presence 0"
        ),
        '{"Time":"2021-01-02T12:08:40","IBEACON":{"MAC":"FFFFFFFFFFFF","RSSI":-56,"STATE":"ON"}}': OTHER,
        '{"Time":"2021-01-23T13:10:50","RC522":{"UID":"BA839D07","Data":"","Type":"MIFARE 1KB"}}': OTHER,
        '{"Time":"2019-10-31T21:34:26","APDS9960":{"Right":1}}': OTHER,
    },
    require={"IBEACON.MAC": "A4C1387FC1E1"},
)

# --- Shelly ------------------------------------------------------------------------------------------------

rows(
    "shelly/button1",
    "shellies/shellybutton1-A4CF12F45301/input_event/0",
    {
        '{"event":"S","event_cnt":2}': BOTH,
        '{"event":"SS","event_cnt":3}': NEXT,
        '{"event":"SSS","event_cnt":4}': CALM,
        '{"event":"L","event_cnt":5}': STOP,
        '{"event":"SL","event_cnt":6}': UNLISTED,
        '{"event":"","event_cnt":0}': EMPTY,
    },
)
rows(
    "shelly/motion",
    "shellies/shellymotion/sensor/motion",
    {"true": "reading presence 1", "0": "reading presence 0"},
)
PLUS1 = "shellyplus1-a8032abc7158"
rows(
    "shelly/gen2-input",
    f"{PLUS1}/events/rpc",
    {
        f'{{"src":"{PLUS1}","dst":"{PLUS1}/events","method":"NotifyEvent","params":{{"ts":1646945882.47,'
        '"events":[{"component":"input:0", "id":0, "event":"double_push", "ts":1646945882.47}]}}': NEXT,
        '{"src":"shelly1minig3-54320464a1d0","dst":"shelly1minig3-54320464a1d0/events","method":"NotifyEvent",'
        '"params":{"ts":1736605194.11,"events":[{"component":"input:0","id":0,"event":"config_changed",'
        '"restart_required":false,"ts":1736605194.11,"cfg_rev":35}]}}': UNLISTED,
        '{"src":"shellyplus1pm-4417939341dc","dst":"shellies/plus1pm/events","method":"NotifyStatus",'
        '"params":{"ts":1.61,"mqtt":{"connected":true}}}': OTHER,
        '{"method":"NotifyEvent","params":{"ts":5.1,"events":[{"component":"input:0","event":"btn_down","ts":5.1},'
        '{"component":"input:0","event":"single_push","ts":5.6},'
        '{"component":"input:1","event":"long_push","ts":5.6}]}}': (UNLISTED, BOTH, OTHER),
        '{"method":"NotifyEvent","params":{"events":[]}}': "ignored, no-elements",
        '{"method":"NotifyEvent","params":{}}': "ignored, no-elements",
    },
)
rows(
    "shelly/blu-button",
    f"{PLUS1}/events/rpc",
    {
        '{"method":"NotifyEvent","params":{"events":[{"component":"bthomedevice:202","id":202,'
        '"event":"single_push","idx":1,"ts":1731931521.19}]}}': BOTH
    },
    where={"component": "bthomedevice:202"},
)

# --- ESPHome, Home Assistant -------------------------------------------------------------------------------

rows(
    "esphome/occupied",
    "bed-sensor/binary_sensor/bed_occupied/state",
    {
        "ON": "reading bed_occupied 1",
        "OFF": "reading bed_occupied 0",
        "maybe": "rejected, not-a-switch",
        "": EMPTY,
    },
)
rows(
    "esphome/bed-weight",
    "bed-sensor/sensor/bed_weight/state",
    {
        "72.4": "ignored, waiting",
        "nan": "ignored, no-value",
        "None": "ignored, no-value",
        "20": "ignored, undecided",
        "inf": "rejected, not-finite",
        "1e999": "rejected, not-finite",
        "9000": "rejected, out-of-range",
        "heavy": "rejected, not-a-number",
    },
)
rows(
    "esphome/event",
    "bed/event/button/state",
    {'{"event_type":"single"}': BOTH, '{"event_type":"x"}': UNLISTED},
)
rows(
    "esphome/heart-rate",
    "bed/sensor/tickr.heartrate/state",
    {"71": "reading heart_rate 71", "0": "ignored, zero"},
)
rows("esphome/breath-rate", "radar/sensor/breath_rate/state", {"15.0": "reading respiration 15"})
rows("esphome/presence", "radar/binary_sensor/person_present/state", {"ON": "reading presence 1"})
rows(
    "homeassistant/bed",
    "homeassistant/binary_sensor/bed_in/state",
    {"on": "reading bed_occupied 1", "off": "reading bed_occupied 0", "unavailable": "ignored, no-value"},
)
rows("homeassistant/presence", "homeassistant/binary_sensor/room/state", {"unknown": "ignored, no-value"})
rows(
    "homeassistant/heart-rate",
    "homeassistant/sensor/watch/state",
    {"64": "reading heart_rate 64", "unavailable": "ignored, no-value", '"Bed"': "rejected, not-a-number"},
)
ESPRESENSE = (
    '{"mac":"dd8800003777","id":"iBeacon:426c7565-4368-6172-6d42-6561636f6e73-3838-4949","rssi@1m":-59,'
    '"rssi":-81.10,"rxAdj":0,"rssiVar":7.42,"distance":6.58,"var":4.00,"int":2028}'
)
rows("homeassistant/room-presence", "espresense/devices/tag/room12", {ESPRESENSE: "ignored, waiting"})

# --- Frigate, Theengs, the rest ----------------------------------------------------------------------------

rows(
    "frigate/sound-level",
    "frigate/room12/audio/dBFS",
    {"-34.52": "reading sound_level 25.48", "0.0": "ignored, dropped", "-120": "rejected, out-of-range"},
)
for sound in ("yell", "crying", "groan"):
    rows(
        "frigate/sound-event",
        f"frigate/room12/audio/{sound}",
        {"ON": "reading sound_event 1", "OFF": "reading sound_event 0"},
    )
rows("frigate/fire-alarm", "frigate/room12/audio/fire_alarm", {"ON": "reading alarm 1"})
rows("frigate/motion", "frigate/room12/motion", {"ON": "reading presence 1"})
STRAP = "home/+/BTtoMQTT/A0B1C2D3E4F5"
rows(
    "theengs/heart-rate",
    STRAP,
    {
        '{"brand":"Polar","model":"Heart Rate Sensor","model_id":"H10","type":"BODY","bpm":70}': (
            "reading heart_rate 70"
        ),
        '{"brand":"XOSS","model":"X2 Heart Rate Sensor","model_id":"XOSSX2","type":"BODY","cidc":false,'
        '"bpm":63,'
        '"batt":97}': "reading heart_rate 63",
        '{"model_id":"H10","bpm":"70"}': "reading heart_rate 70",
        '{"model_id":"H10","bpm":300}': "rejected, out-of-range",
        '{"id":"45:e1:74:12:6e:00","rssi":-89,"distance":21.51847,"servicedata":"fe00"}': "ignored, absent",
        '{"brand":"Apple","model":"Apple Watch","model_id":"APPLEWATCH","type":"BODY","track":true,"prmac":'
        "true,"
        '"unlocked":false}': "ignored, absent",
        '{"hum":"52.6","tempc":"19.2","tempf":"66.56"}': "ignored, absent",
    },
)
BLU = (
    '{"brand":"Shelly","model":"ShellyBLU Button1","model_id":"SBBT-002C","type":"BTN","acts":true,'
    '"cont":true,'
    '"packet":29,"batt":100,"button":1,"mac":"BC:02:6E:AA:BB:CC"}'
)
rows(
    "theengs/blu-button",
    "home/+/BTtoMQTT/BC026EAABBCC",
    {
        BLU: BOTH,
        '{"brand":"Atomax","model":"Skale I/II","model_id":"SKALE","type":"SCALE","cidc":false,'
        '"weight":123.9}': OTHER,
    },
)
rows(
    "theengs/tracker",
    "home/TheengsGateway/presence",
    {'{"id": "a", "presence": "absent"}': "reading presence 0"},
)
rows("polar/h10", "h10/hr", {'{"timeStamp":174000000000,"hr":72}': "reading heart_rate 72"})
rows(
    "fitbit/arousal",
    "fitbit/room12",
    {'{"arousal": 0.42}': "reading agitation 0.42", '{"arousal":42}': "rejected, out"},
)
rows("scale/bed", "home/bedroom/bed", {"72.4": "ignored, waiting", "-92.8": "rejected, out-of-range"})
rows(
    "emfit/qs",
    "emfit/room12/raw",
    {
        "PRES=1<br>HR=60<br>RR=14<br>ACT=20<br>TS=0": (
            "reading bed_occupied 1",
            "reading heart_rate 60",
            "reading respiration 14",
        ),
        "PRES=0\nHR=0\nRR=0": ("reading bed_occupied 0", "ignored, zero", "ignored, zero"),
    },
)

# --- what nobody should send -------------------------------------------------------------------------------

rows(
    "polar/h10",
    "h10/hr",
    {
        '{"hr":NaN}': "rejected, not-finite",
        '{"hr":1e999}': "rejected, not-finite",
        '{"hr":72,"hr":190}': "rejected, duplicate-key",
        '{"hr":' + "[" * 40 + "]" * 40 + "}": "rejected, too-deep",
        '{"hr":"' + "9" * 20_000 + '"}': "rejected, too-large",
        '{"hr":': "rejected, not-json",
        '{"hr":[72]}': "rejected, not-a-number",
        '{"hr":true}': "rejected, not-a-number",
        '{"hr":"fast"}': "rejected, not-a-number",
        "72": "ignored, absent",
    },
)
