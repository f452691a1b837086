"""Shelly."""

from tests.mqtt.payloads.rows import BOTH, CALM, EMPTY, NEXT, OTHER, STOP, UNLISTED, rows

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
