"""An explanation as a page of text for 80 columns."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from watchhouse.check import literal_clock
from watchhouse.explain import BotSide, Explanation, Need, Proof
from watchhouse.finding import Finding
from watchhouse.firings import Firing
from watchhouse.instant import short
from watchhouse.limits import Limit
from watchhouse.render import headline, wrap
from watchhouse.verdict import plain

_LAST = 10
_SHOWN = 240  # characters of a row of proof


def lines(told: Explanation) -> list[str]:
    """The whole page: state, header, then per bot what it says and read; its past; its SQL."""
    at = told.verdict.as_of
    blocks = [[headline(told.verdict)], _header(told)]
    for side in told.bots:
        blocks += [[f"{side.bot} at {short(at)}", *_says(side, at)]]
        blocks += [_needs(side.needs, at), _limits(side)]
    blocks += [_fired(told), _sql(told)]
    return [line for block in blocks if block for line in (*block, "")][:-1]


def _header(told: Explanation) -> list[str]:
    where = f"{told.file}; lines of the playbook: {', '.join(told.lines)}"
    texts = {**told.header, "File": where}
    return [
        line
        for label, text in texts.items()
        if text
        for line in wrap(f"{label + ':':<9} {text}", "", " " * 10)
    ]


def _says(side: BotSide, at: datetime) -> list[str]:
    if not side.findings:
        blind = not all(need.is_usable for need in side.needs)
        return ["  cannot be judged: a need is not met" if blind else "  finds nothing"]
    return [line for finding, proof in side.findings for line in _finding(finding, proof, at)]


def _finding(finding: Finding, proof: Proof | None, at: datetime) -> Iterator[str]:
    about = f"{finding.subject} since {short(finding.since, at)}: {finding.reason}"
    yield from wrap(f"{finding.severity} {about}", "  ")
    values = (f"{k}={plain(v)}" for k, v in finding.evidence.items() if not k.startswith("_"))
    yield from wrap(", ".join(values), "    values: ", "      ")
    if proof is None:
        return
    seen = f", seen {short(proof.observed_at, at)}" if proof.observed_at else ""
    yield from wrap(f"{proof.file}, {proof.place}{seen}", "    proof: ", "      ")
    if proof.text:
        cut = proof.text if len(proof.text) <= _SHOWN else proof.text[:_SHOWN] + "…"
        yield from wrap(" ".join(cut.split()), "      ", "      ")
    else:
        yield "      what stood there is no row of the warehouse"


def _needs(needs: Iterable[Need], at: datetime) -> list[str]:
    rest = " " * 23
    rows = [row for n in needs for row in wrap(f"{n.surface:<20} {_state(n, at)}", "  ", rest)]
    return ["Needs", *rows] if rows else []


def _state(need: Need, at: datetime) -> str:
    word = "met" if need.is_usable else f"NOT met: {need.reason}"
    if need.last_good_at is None:
        return word
    age = (at - need.last_good_at).total_seconds()
    return f"{word}, {need.status}; last good {short(need.last_good_at, at)}, {age:.0f} s old"


def _limits(side: BotSide) -> list[str]:
    if not side.limits:
        return ["Limits", "  none: it fires as soon as what it means is seen"]
    return ["Limits", *(line for limit in side.limits for line in _limit(limit))]


def _limit(limit: Limit) -> list[str]:
    said = f"{limit.name} = {limit.value:g} (from {limit.source}): "
    if limit.turns_at is None:
        return wrap(said + "no value of it alone would change the answer", "  ")
    way = "up" if limit.turns_at > limit.value else "down"
    share = f", {limit.turns_at / limit.value:.3g} times the limit" if limit.value else ""
    return wrap(f"{said}{limit.turns_to} from {limit.turns_at:.4g} {way}{share}", "  ")


def _fired(told: Explanation) -> list[str]:
    looked = f"looked at from {short(told.looked_from)} to {short(told.verdict.as_of)}"
    if not told.fired:
        return [f"Never fired before, {looked}"]
    latest = sorted(told.fired, key=lambda f: f.first_at, reverse=True)[:_LAST]
    many = len(told.fired)
    count = f"the last {_LAST} of {many} times" if many > _LAST else f"{many} times"
    head = wrap(f"Fired {count}, {looked}".replace("Fired 1 times", "Fired once"))
    return [*head, *map(_firing, latest)]


def _firing(fired: Firing) -> str:
    start = min(fired.since or fired.first_at, fired.first_at)
    end = "still holds" if fired.is_open else f"to {short(fired.last_at, start)}"
    bot = f"{fired.bot} " if fired.bot else ""
    return f"  {bot}{short(start)} {end}, {fired.minutes:.0f} min, {fired.severity}"


def _sql(told: Explanation) -> list[str]:
    """As it runs in `watchhouse sql`, at this instant."""
    text = literal_clock(told.check.compiled_sql or "", told.verdict.as_of)
    rows = (line for line in text.splitlines() if line.strip() and not line.startswith("--"))
    return ["SQL", *(f"  {row}" for row in rows)]
