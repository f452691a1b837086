"""The policies by name. A new one is one file and one line here."""

from collections.abc import Callable

from player.selection.bandit import Learned
from player.selection.policies.base import Policy
from player.selection.policies.calmest_familiar import CalmestFamiliar
from player.selection.policies.familiar_first import FamiliarFirst
from player.selection.policies.iso import Iso
from player.selection.policies.learn import Learn
from player.selection.policies.random_approved import RandomApproved
from player.selection.policies.staff_order import StaffOrder
from player.settings import PolicySettings

POLICIES: dict[str, Callable[[PolicySettings, Learned | None], Policy]] = {
    "calmest-familiar": lambda *_: CalmestFamiliar(),
    "familiar-first": lambda *_: FamiliarFirst(),
    "iso": lambda *_: Iso(),
    "learn": Learn,
    "random-approved": lambda *_: RandomApproved(),
    "staff-order": lambda *_: StaffOrder(),
}
