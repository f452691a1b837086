"""ESPHome, Home Assistant."""

from tests.mqtt.payloads.rows import BOTH, EMPTY, UNLISTED, rows

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
