"""The world outside the project: the flights of 2013 as files that arrive, and what goes wrong in them.

Nothing of Millgate is used here. The months come from what `millgate init --example flights` left in
`data/arriving`; `late` is what the airline's people enter by hand for each flight.
"""

import pathlib

import duckdb

KEY = "time_hour, carrier, flight, origin, sched_dep_time"
# What is known only after the flight: a client that asks at the scheduled departure cannot send it.
OUTCOME = "dep_time, dep_delay, arr_time, arr_delay, air_time, late"
LATE = "arr_delay > 15 as late"


class World:
    """Writes files into a project's folder, as its sources and clients would."""

    def __init__(self, project):
        self.project = pathlib.Path(project)
        self.base = duckdb.connect()
        self.base.execute("set timezone = 'UTC'")

    def month(self, number, kind="flights"):
        return f"read_parquet('{self.project}/data/arriving/{kind}/2013-{number:02d}.parquet')"

    def write(self, select, name):
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        form = "csv, header" if path.suffix == ".csv" else "parquet"
        self.base.execute(f"copy ({select}) to '{path}' (format {form})")

    def flights(self, number, late="late"):
        """The month as its people enter it; `late` may be an expression over it."""
        return f"select * replace ({late} as late) from (select *, {LATE} from {self.month(number)})"

    def flights_arrive(self, *months, where="true", late="late"):
        for number in months:
            select = f"from ({self.flights(number, late)}) where {where} order by {KEY}"
            self.write(select, f"data/raw/flights/2013-{number:02d}.parquet")

    def weather_arrives(self, *months, where="true", change="temp as temp"):
        for number in months:
            self.write(f"select * replace ({change}) from {self.month(number, 'weather')} "
                       f"where {where} order by origin, time_hour",
                       f"data/raw/weather/2013-{number:02d}.parquet")

    def asks(self, name, month, rows, where="true", change="time_hour as time_hour"):
        """Questions of a client about `rows` flights of a month; `change` says what is wrong in them."""
        drawn = f"from ({self.flights(month)}) where {where} order by hash({KEY}) limit {rows}"
        self.write(f"select * exclude ({OUTCOME}) replace ({change}) from ({drawn}) order by {KEY}",
                   f"inbox/{name}.parquet")

    def landed(self, month):
        """What became of the flights of a month."""
        self.write(self.flights(month), f"inbox/landed-{month:02d}.parquet")

    def repaired(self, name, to):
        """A person goes through a file for review and puts those labels right that contradict their
        rule; what only models doubt stays out."""
        self.write(f"select * replace (not late as late) from '{self.project}/{name}' "
                   "where _note_why like '%rule%'", to)

    def earned(self, name, answers, month):
        """What each answer brought in: a warning that came true 100, a needless one -25; since the
        9th (UTC) those who were not warned are paid 200."""
        self.write(
            "select prediction_id, case when decision and late then 100 when decision then -25 "
            f"when late and l.time_hour >= timestamptz '2013-{month:02d}-09' then -200 else 0 end as revenue "
            f"from '{self.project}/inbox/{answers}.parquet' p "
            f"join '{self.project}/inbox/landed-{month:02d}.parquet' l on l.time_hour = p.row_time "
            "and l.carrier = p.carrier and l.flight = p.flight::bigint and l.origin = p.origin "
            "and l.sched_dep_time = p.sched_dep_time::bigint where late is not null "
            "order by prediction_id", f"inbox/{name}.csv")
