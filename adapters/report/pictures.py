"""The plots of a report, as SVG with text as text; each has its numbers in a table beside it."""

import io
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from babel.dates import format_skeleton

from adapters.report.figures import LEAST_PER_TRACK, Report, TrackFigures
from adapters.web.translation import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TEAL, RED, GREEN, GREY = (
    "#1d6f66",
    "#a8443a",
    "#3d7a50",
    "#8a8a8a",
)  # print in grey as well: shapes differ too
MOST_SHOWN: Final = 12  # pieces in one plot


def played(report: Report, _: Language) -> str:
    days = report.days

    def draw(ax: "Axes") -> None:
        at = range(len(days))
        ax.bar(at, [day.played_min for day in days], color=TEAL, label=_("heard"), width=0.8)
        silent = [day.to_no_device_min for day in days]
        if any(silent):
            under = [day.played_min for day in days]
            ax.bar(
                at, silent, bottom=under, color="none", edgecolor=GREY, hatch="//", label=_("no sound device")
            )
            ax.legend(frameon=False)
        step = max(1, len(days) // 10)
        ax.set_xticks(list(at)[::step], [short_date(day.day, _) for day in days][::step])
        ax.set_ylabel(_("minutes"))

    return _svg(draw, _("Minutes of music on each day"), "played")


def hours(report: Report, _: Language) -> str:
    def draw(ax: "Axes") -> None:
        known = [of for of in report.hours if of.mean is not None]
        ax.bar([of.hour for of in known], [of.mean or 0.0 for of in known], color=TEAL, width=0.8)
        ax.axhline(report.threshold, color=RED, linestyle="--", linewidth=1)
        ax.text(23.4, report.threshold, _("restless"), color=RED, ha="right", va="bottom")
        ax.set_xlim(-0.6, 23.6)
        ax.set_ylim(0.0, 1.0)
        ax.set_xticks(range(0, 24, 3))
        ax.set_xlabel(_("hour of the day"))
        ax.set_ylabel(_("mean agitation"))

    return _svg(draw, _("Mean agitation in each hour of the day"), "hours")


def outcomes(report: Report, _: Language) -> str:
    of = report.outcomes
    if not of.swaps:
        return ""
    parts = (
        (_("calmer"), of.calmer, GREEN, ""), (_("same"), of.same, GREY, ""),
        (_("worse"), of.worse, RED, "//"), (_("left, for it upset"), of.upset, RED, "xx"),
        (_("refused by people"), of.refused, "white", "//"),
        (_("cut short"), of.cut_short, "white", ""), (_("not known"), of.unknown, "white", ".."),
    )  # fmt: skip

    def draw(ax: "Axes") -> None:
        begin = 0
        for name, count, colour, hatch in parts:
            if count:
                ax.barh(0, count, left=begin, color=colour, hatch=hatch, edgecolor="black", linewidth=0.5,
                        label=f"{name}: {count}")  # fmt: skip
                begin += count
        ax.set_yticks([])
        ax.set_xlim(0, max(begin, 1))
        ax.set_xlabel(_("swaps"))
        ax.figure.legend(frameon=False, loc="outside lower center", ncols=3)

    return _svg(draw, _("What followed the swaps"), "outcomes", height=2.2)


def tracks(report: Report, _: Language) -> str:
    """Observed change with its interval, of the pieces measured often enough; "" when there are none."""
    known = measured(report.tracks)
    if len(known) > MOST_SHOWN:  # the ends: what helps and what harms
        known = known[: MOST_SHOWN // 2] + known[-MOST_SHOWN // 2 :]
    if not known:
        return ""

    def draw(ax: "Axes") -> None:
        for row, of in enumerate(reversed(known)):
            if of.change is not None:
                ax.plot([of.change.low, of.change.high], [row, row], color=TEAL, linewidth=2)
                ax.plot(of.change.mean, row, "o", color=TEAL)
        ax.axvline(0.0, color="black", linewidth=0.7)
        ax.set_yticks(range(len(known)), [short(of.title) for of in reversed(known)])
        ax.set_xlabel(_("change of agitation (left: calmer), 95 % interval"))

    return _svg(draw, _("Change of agitation after each piece"), "tracks", height=0.8 + 0.3 * len(known))


def measured(of: Sequence[TrackFigures]) -> list[TrackFigures]:
    """Measured often enough, the calmest after it first."""
    known = [track for track in of if track.measured >= LEAST_PER_TRACK and track.change is not None]
    return sorted(known, key=lambda track: track.change.mean if track.change else 0.0)


def short_date(day: str, _: Language) -> str:
    """day: YYYY-MM-DD. Day and month as the reader writes them."""
    return str(format_skeleton("Md", date.fromisoformat(day), locale=_.locale))


def short(title: str) -> str:
    return title if len(title) <= 32 else f"{title[:31]}…"


def _svg(draw: "Callable[[Axes], None]", name: str, salt: str, height: float = 2.4) -> str:
    import matplotlib as mpl  # half a second and 40 MiB: only where a picture is drawn
    from matplotlib.figure import Figure

    style: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "font.family": "sans-serif",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "text.parse_math": False,  # a title may hold a dollar sign
    }
    out = io.StringIO()
    with mpl.rc_context(style):
        figure = Figure(figsize=(7.0, height), layout="constrained")
        draw(figure.subplots())
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(out, format="svg", metadata=nothing, transparent=True)
    picture = out.getvalue()
    begin = picture.index("<svg")
    label = name.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return picture[begin:].replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
