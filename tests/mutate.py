"""Does anybody notice? Each check with a predicate negated, or one of its limits moved far.

`make mutate`: a healthy bot is lived through and built; a mutant is noticed when it cries there,
when its proof does not make it fire or its near miss does, or when a test of a recording fails
(where recordings are). Prints the mutants that nobody notices; exits with 1 when there are any.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import sqlglot
import test_verdicts
from healthy_bot import live_through
from recorded import CONFIG, RECORDINGS, Recording
from sqlglot import exp
from test_proofs import ON_SILENCE, UNWATCHED

from ingest.replay import replay
from ingest.settings import load_settings
from watchhouse.build import build
from watchhouse.catalog import Check, open_published, read_catalog
from watchhouse.check import Span, at_instants, run_checks, set_instants
from watchhouse.verdict import Verdict

FAR = {"up": 1e6, "down": 1e-6}
QUIET, BROKEN = "quiet", "broken"
SEVERITIES = [QUIET, "info", "warn", "crit", BROKEN]
LIMITS = "main.limits"
ANY = Span(datetime(1970, 1, 10), datetime(9999, 1, 1))
SHOWN = Path(tempfile.gettempdir()) / "watchhouse-mutants.sql"


@dataclass(frozen=True)
class Mutant:
    """A check's SQL with one thing changed; ANY stands for the span of its instants."""

    check: str
    what: str
    sql: str

    def at(self, span: Span) -> str:
        """The SQL at instants between these two."""
        since, until = map(str, ANY)
        return self.sql.replace(since, str(span.first)).replace(until, str(span.last))


def mutants(check: Check) -> Iterator[Mutant]:
    """Every WHERE and HAVING of the check negated, and each of its limits moved up and down."""
    plain = plain_sql(check)
    tree = sqlglot.parse_one(plain, dialect="duckdb")
    for number, clause in enumerate(predicates(tree)):
        held = clause.this
        clause.set("this", exp.Not(this=exp.Paren(this=held.copy())))
        what = f"{clause.key} {number} negated: {held.sql(dialect='duckdb')[:90]}"
        yield Mutant(check.name, what, tree.sql(dialect="duckdb"))
        clause.set("this", held)
    names = {lit.name for lit in tree.find_all(exp.Literal) if is_limit_name(lit)}
    for name in sorted(names):
        for way, factor in FAR.items():
            moved = f"case when limit_name = '{name}' then value * {factor} else value end"
            limits = f"(select * replace ({moved} as value) from {LIMITS})"
            yield Mutant(check.name, f"{name} moved {way}", plain_sql(check, limits))


def plain_sql(check: Check, limits: str = LIMITS) -> str:
    """The check on the table of instants and these limits."""
    parts = at_instants(check.compiled_sql or "", ANY).split("/*limits*/")
    parts[1::2] = [limits] * len(parts[1::2])
    return "".join(parts)


def predicates(tree: exp.Expression) -> list[exp.Expression]:
    """WHERE and HAVING of every query, but not the choice of a limit by its name."""
    clauses = [c for c in tree.find_all(exp.Where, exp.Having) if isinstance(c.parent, exp.Select)]
    return [c for c in clauses if not any(map(is_limit_name, c.find_all(exp.Literal)))]


def is_limit_name(literal: exp.Expression) -> bool:
    """Whether a text is what `limit_name` is compared with."""
    other = literal.parent.this if isinstance(literal.parent, exp.EQ) else None
    return isinstance(other, exp.Column) and other.name == "limit_name"


class Healthy:
    """The healthy bot, and what its tests hold every check to."""

    def __init__(self, home: Path) -> None:
        self.built = live_through(home)
        self.connection = duckdb.connect(home / "warehouse.duckdb")
        self.connection.execute("set TimeZone = 'UTC'")

    def notices(self, mutant: Mutant) -> str | None:
        """Who notices: `healthy`, `proof`, `near miss`, `unwatched`; None when none does."""
        meta = self.built.checks[mutant.check]["config"]["meta"]
        if self._worst(mutant, "select 1", [*self.built.looks]) != QUIET:
            return "healthy"
        last = [self.built.looks[-1]]
        told = [self._found(mutant, sql, last) for sql in (meta["proof"], *meta.get("also", []))]
        sick = [worst for worst, _ in told]
        if not {*sick} <= {"info", "warn", "crit"}:
            return "proof"
        if [subjects for _, subjects in told] != meta.get("tells", [s for _, s in told]):
            return "subjects"
        spared = [self._worst(mutant, sql, last) for sql in meta.get("spares", [])]
        mildest = min(map(SEVERITIES.index, sick))
        if any(SEVERITIES.index(s) >= mildest for s in spared):
            return "near miss"
        is_on_silence = mutant.check in ON_SILENCE
        unheard = is_on_silence and self._worst(mutant, f"{meta['proof']}; {UNWATCHED}", last)
        return "unwatched" if unheard not in (False, QUIET) else None

    def _worst(self, mutant: Mutant, sql: str, looks: list[datetime]) -> str:
        return self._found(mutant, sql, looks)[0]

    def _found(self, mutant: Mutant, sql: str, looks: list[datetime]) -> tuple[str, list[str]]:
        """The worst severity after some SQL, `broken` where the rows break their contract, and
        the subjects.
        """
        span = set_instants(self.connection, looks)
        self.connection.execute("begin")
        try:
            self.connection.execute(sql)
            columns = "as_of, bot, subject, severity, since <= as_of"
            query = f"select {columns} from ({mutant.at(span)})"
            rows = self.connection.execute(query).fetchall()
        finally:
            self.connection.execute("rollback")
        subjects = sorted(row[2] for row in rows)
        if len({row[:3] for row in rows}) < len(rows) or not all(row[4] for row in rows):
            return BROKEN, subjects
        return max((row[3] for row in rows), key=SEVERITIES.index, default=QUIET), subjects


class Recorded:
    """A recording whose verdicts hold, for one check, what a mutant says instead."""

    TESTS: tuple[Callable[[Recording], None], ...] = (
        test_verdicts.test_every_condition_is_found_soon_and_dated_right,
        test_verdicts.test_findings_carry_the_numbers_of_the_incident,
        test_verdicts.test_nothing_fires_that_must_not,
    )

    def __init__(self, name: str, home: Path) -> None:
        settings = load_settings(home)
        replay(settings, RECORDINGS / name, config=CONFIG)
        build(settings)
        self.warehouse = open_published(settings)
        self.recording = Recording(name, self.warehouse.__enter__())
        self.catalog = read_catalog(self.recording.warehouse)
        self.sound = self.recording.verdicts

    def notices(self, mutant: Mutant) -> str | None:
        """The name of the recording when one of its tests fails with the mutant."""
        check = self.catalog.check(mutant.check)
        assert check is not None
        looks = [verdict.as_of for verdict in self.sound]
        text = mutant.at(Span(min(looks), max(looks)))
        sick = replace(self.catalog, checks=(replace(check, compiled_sql=text),))
        said = run_checks(self.recording.warehouse, sick, looks)
        told = Recording(self.recording.name, self.recording.warehouse)
        told.__dict__["verdicts"] = [
            self._instead(old, new, mutant.check) for old, new in zip(self.sound, said, strict=True)
        ]
        try:
            for test in self.TESTS:
                test(told)
        except AssertionError:
            return self.recording.name
        return None

    @staticmethod
    def _instead(old: Verdict, new: Verdict, check: str) -> Verdict:
        others = tuple(finding for finding in old.findings if finding.check != check)
        return replace(old, findings=others + new.findings)


def noticed_by(mutant: Mutant, healthy: Healthy, recorded: list[Recorded]) -> str | None:
    """The first that notices a mutant; SQL that no longer runs is noticed too."""
    try:
        return healthy.notices(mutant) or next(
            filter(None, (r.notices(mutant) for r in recorded)), None
        )
    except duckdb.Error:
        return "error"


def main() -> int:
    """Try every mutant; print who notices and who does not."""
    with tempfile.TemporaryDirectory() as scratch:
        healthy = Healthy(Path(scratch) / "healthy")
        names = (
            [folder.name for folder in sorted(RECORDINGS.glob("*/"))] if RECORDINGS.is_dir() else []
        )
        recorded = [Recorded(name, Path(scratch) / name) for name in names if name != "healthy"]
        checks = read_catalog(healthy.connection).checks
        tally: Counter[str] = Counter()
        missed = []
        for mutant in (mutant for check in checks for mutant in mutants(check)):
            by = noticed_by(mutant, healthy, recorded)
            tally[by or "nobody"] += 1
            if by is None:
                missed.append(mutant)
                print(f"nobody notices {mutant.check}: {mutant.what}", flush=True)
    print(f"{sum(tally.values())} mutants of {len(checks)} checks; noticed by: {dict(tally)}")
    SHOWN.write_text("\n\n".join(f"-- {m.check}: {m.what}\n{m.sql}" for m in missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
