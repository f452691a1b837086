"""Frigate, Theengs, the rest."""

from tests.mqtt.payloads.rows import BOTH, OTHER, rows

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
