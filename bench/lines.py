"""Lines of the shape of risk_vetoes.jsonl, about 550 bytes each, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

_START = datetime(2026, 2, 3, microsecond=128_871)
_SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "LTCUSDT", "DOGEUSDT")
_REASONS = (
    ("symbol_cap", "symbol_cap"),
    ("max_trade_nav", "trade_gt_max_trade_nav_pct"),
    ("min_notional", "below_min_notional"),
    ("portfolio_cap", "max_gross_nav_pct"),
)
_LINE = (
    '{{"symbol": "{symbol}", "strategy": null, "source_head": "vol_target", "veto_reason": '
    '"{reason}", "original_reason": "{raw}", "veto_detail": {{"reasons": ["{raw}"], "thresholds": '
    '{{"nav_freshness_seconds": 150.0}}, "observations": {{"nav_age_s": 0, "drawdown_pct": '
    '{drawdown!r}}}}}, "signal_ts": null, "qty_req": {quantity!r}, "context": {{"nav": {nav!r}, '
    '"requested_notional": {notional!r}, "open_qty": 0.0, "lev": 1.0}}, "ts": "{at}+00:00", '
    '"event_type": "risk_veto", "pid": 614558}}\n'
)
_DAMAGED = ('{"symbol": "BTCUSDT", "qty_req": NaN}\n', '{"symbol": "BTCUSDT", "qty_re\n', "\n")


def veto_lines(count: int, seed: int = 1) -> Iterator[str]:
    """Whole lines, in the order of time."""
    dice = random.Random(seed)
    for number in range(count):
        reason, raw = dice.choice(_REASONS)
        nav = 10_000 * dice.random()
        yield _LINE.format(
            symbol=dice.choice(_SYMBOLS),
            reason=reason,
            raw=raw,
            drawdown=dice.random(),
            quantity=nav / 60_000,
            nav=nav,
            notional=nav / 7,
            at=(_START + timedelta(seconds=number)).isoformat(),
        )


def write_wide_log(path: Path, count: int) -> Path:
    """Write `count` lines of about 5 KB each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = veto_lines(count * 9)
    with path.open("w", encoding="utf-8") as file:
        for batch in zip(*[parts] * 9, strict=True):
            file.write(f'{{"items": [{", ".join(part[:-1] for part in batch)}]}}\n')
    return path


def write_log(path: Path, count: int, damaged_every: int = 0) -> Path:
    """Write `count` lines, and after each `damaged_every` of them a NaN, a torn or a blank one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for number, line in enumerate(veto_lines(count), 1):
            file.write(line)
            if damaged_every and number % damaged_every == 0:
                file.write(_DAMAGED[number // damaged_every % len(_DAMAGED)])
    return path
