"""The core of Lull: no I/O, no clock, no threads, no asyncio, no logging."""
