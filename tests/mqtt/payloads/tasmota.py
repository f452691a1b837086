"""Tasmota."""

from tests.mqtt.payloads.rows import BOTH, EMPTY, NEXT, OTHER, PLAY, STOP, UNLISTED, rows

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
