"""What nobody should send."""

from tests.mqtt.payloads.rows import rows

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
