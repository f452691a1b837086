"""Zigbee2MQTT."""

from tests.mqtt.payloads.rows import (
    BOTH,
    BUTTON,
    CALM,
    EMPTY,
    LOUDER,
    NEXT,
    OTHER,
    PLAY,
    QUIETER,
    STOP,
    UNLISTED,
    action,
    rows,
)

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
