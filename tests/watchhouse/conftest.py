"""A tiny published warehouse: two marts, three checks, the templates as dbt would compile them."""

from pathlib import Path

import duckdb
import pytest

from ingest.publish import publish
from ingest.replay import replay
from ingest.settings import Settings, load_settings

RECORDING = Path(__file__).parents[2].parent / "shared/data/recordings/telemetry_corruption"

CLOCK = "/*clock*/(select timestamp '2020-01-01 00:00:00' as as_of)/*clock*/"
HEALTH = f"(select h.*, clock.as_of from health h join {CLOCK} as clock" + (
    " on h.valid_from <= clock.as_of and clock.as_of < h.valid_to)"
)
TEMPLATES = {
    "verdict": f"""
        with findings as (/*check*/),
        unmet as (
            select as_of, bot, surface as subject, valid_from as since, reason
            from {HEALTH} as health
            where not is_usable and status <> 'not configured' and surface in ('/*needs*/')
        )
        select * from findings
        union all by name
        select as_of, bot, subject, 'unknown' as severity, since, reason from unmet
        where not exists (
            select 1 from findings
            where findings.as_of = unmet.as_of and findings.bot = unmet.bot
                and findings.severity in ('crit', 'warn'))
        union all by name
        select as_of, null as bot, null as subject, 'unknown' as severity, null as since,
            'no bot had been read by then' as reason
        from {CLOCK} as clock
        where not exists (select 1 from health where health.valid_from <= clock.as_of)
        """,
    "not_applicable": f"""
        select as_of, bot, surface from {HEALTH} as health where status = 'not configured'
        """,
    "bots": f"select distinct as_of, bot from {HEALTH} as health",
    "excepted": "select 'nobody' as name where false",
}


def at_clock(mart: str) -> str:
    """A mart's intervals at the clock."""
    return f"""(select facts.*, clock.as_of from {mart} as facts join {CLOCK} as clock
        on facts.valid_from <= clock.as_of and clock.as_of < facts.valid_to)"""


CHECKS = {
    "position_has_no_exit": (
        "stalled_exits",
        f"""-- a check may end in a comment
        select as_of, bot, symbol as subject, 'crit' as severity, valid_from as since,
            'short of ' || loss || ' USD' as reason, loss as loss_usd, 'nan'::double as ratio,
            1.50::decimal(9, 2) as price, valid_from as seen_at, [loss] as parts
        from {at_clock("positions")} as positions where loss > 10 -- end""",
        "Place the exit by hand.",
        ["positions"],
        [],
    ),
    "position_is_underwater": (
        "stalled_exits",
        f"""select as_of, bot, symbol as subject, 'warn' as severity, valid_from as since,
            'down ' || loss || ' USD' as reason
        from {at_clock("positions")} as positions where loss > 5;""",
        "Look at the exchange.",
        ["positions"],
        ["position_has_no_exit"],
    ),
    "nav_is_new": (
        "nav_spike",
        f"""select as_of, bot, 'nav' as subject, 'info' as severity, valid_from as since,
            'first NAV' as reason
        from {at_clock("navs")} as navs""",
        None,
        ["nav"],
        [],
    ),
}


TABLES = """
create schema meta;
create schema raw;
create schema hot;
create table meta.checks (
    name varchar, playbook varchar, compiled_sql varchar, do_text varchar, needs varchar[],
    explained_by varchar[], fault varchar, project_commit varchar, for_seconds double,
    clear_seconds double
);
create table meta.templates (name varchar, compiled_sql varchar);
create table meta.vars as select 'loop_seconds' as name, '60' as value;
create table hot.polls as
select 'main' as _bot, timestamp '2026-03-10 14:00' as polled_at, 7 as load_id;
create table health (
    bot varchar, surface varchar, valid_from timestamp, valid_to timestamp, is_usable boolean,
    status varchar, reason varchar
);
insert into health values
    ('main', 'positions', '2026-03-10 08:00', '2026-03-10 12:00', true, 'ok', ''),
    ('main', 'positions', '2026-03-10 12:00', '2026-03-10 13:00', false, 'torn', 'it is torn'),
    ('main', 'positions', '2026-03-10 13:00', '9999-12-31', true, 'ok', ''),
    ('main', 'nav', '2026-03-10 08:00', '9999-12-31', true, 'ok', ''),
    ('spare', 'positions', '2026-03-10 09:00', '9999-12-31', true, 'ok', ''),
    ('spare', 'nav', '2026-03-10 09:00', '9999-12-31', false, 'not configured', '');
create table positions (
    bot varchar, symbol varchar, valid_from timestamp, valid_to timestamp, loss double
);
insert into positions values
    ('main', 'BTCUSDT', '2026-03-10 08:00', '2026-03-10 10:00', 1),
    ('main', 'BTCUSDT', '2026-03-10 10:00', '2026-03-10 11:00', 20),
    ('main', 'ETHUSDT', '2026-03-10 10:30', '2026-03-10 11:00', 7),
    ('main', 'BTCUSDT', '2026-03-10 11:00', '9999-12-31', 2);
create table navs (bot varchar, valid_from timestamp, valid_to timestamp);
insert into navs values ('main', '2026-03-10 08:00', '9999-12-31');
"""


def write_toy(file: Path) -> None:
    """`main` is well but for 10:00-11:00 (crit) and blind 12:00-13:00; `spare` has no nav."""
    insert = "insert into meta.checks values (?, ?, ?, ?, ?, ?, null, 'abcdef0123', null, null)"
    with duckdb.connect(file) as db:
        db.execute(TABLES)
        db.executemany(insert, [[name, *row] for name, row in CHECKS.items()])
        db.executemany("insert into meta.templates values (?, ?)", [*map(list, TEMPLATES.items())])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose published file is the toy warehouse; its path has a space in it."""
    home = tmp_path / "a home"
    home.mkdir()
    write_toy(home / "warehouse.duckdb")
    return home


@pytest.fixture(scope="session")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home fed with 55 frames of a recording with damage in it, published and not built."""
    if not RECORDING.is_dir():
        pytest.skip(f"no recording at {RECORDING}")
    settings = load_settings(tmp_path_factory.mktemp("fed"))
    replay(settings, RECORDING, upto=54, bot="main")
    publish(settings)
    return settings
