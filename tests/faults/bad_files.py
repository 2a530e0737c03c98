"""Files and rows that are wrong: the answer names the place, and the versions before stay."""

import json
import subprocess

from project import EXAMPLE, post, stop

PYTHON = EXAMPLE.parent.parent / ".deps" / "venv" / "bin" / "python"


def unknown_key(project, _):
    project.commit("good")
    project.change_settings('key = ["customer"]', 'kye = ["customer"]')
    said = project.run("commit", "-m", "bad").must_be_clear()
    said.must(2, "`kye`", "millgate.toml:2:", "`key`")
    project.must_be_whole(["good"])


def column_missing_in_the_files(project, _):
    project.commit("good")
    project.change_rows(lambda lines: [line.rsplit(",", 1)[0] for line in lines])
    project.run("commit", "-m", "bad").must_be_clear().must(2, "left", "customers.csv")
    project.must_be_whole(["good"])


def column_missing_for_a_feature(project, _):
    project.commit("good")
    project.change_settings('late_payments = "late_payments"', 'late = "late_payment"')
    project.run("run").must_be_clear().must(2, "late_payment", "millgate.toml:10:", "late_payments")
    project.must_be_whole(["good"])


def label_is_constant(project, _):
    project.change_rows(lambda lines: lines[:1] + [line[:-1] + "1" for line in lines[1:]])
    project.commit("all left")
    project.run("run").must_be_clear().must(2, "label", "hint:")
    assert project.json("runs") == []
    project.must_be_whole(["all left"])


def file_is_empty(project, _):
    project.commit("good")
    project.rows.write_bytes(b"")
    project.run("commit", "-m", "bad").must_be_clear().must(2, "customers.csv")
    project.must_be_whole(["good"])


def file_is_gone(project, _):
    project.commit("good")
    project.rows.unlink()
    project.run("commit", "-m", "bad").must_be_clear().must(2, "customers.csv")
    project.must_be_whole(["good"])


def parquet_is_truncated(project, _):
    project.commit("good")
    project.run("sql", "select * from customers", "--out", "customers.parquet").must(0)
    parquet = project.folder / "customers.parquet"
    whole = parquet.read_bytes()
    project.change_settings("customers.csv", "customers.parquet")
    for size in (0, 3, 8, len(whole) // 2, len(whole) - 1):
        parquet.write_bytes(whole[:size])
        project.run("commit", "-m", "bad").must_be_clear().must(2, "customers.parquet")
    project.must_be_whole(["good"])
    parquet.write_bytes(whole)
    project.commit("the same rows as Parquet")
    project.run("sql", "select count(*) as n from customers").must(0, "800")


def parquet_has_a_flipped_byte(project, chance):
    """Pages have no checksum of their own here: what counts is that nothing crashes."""
    project.commit("good")
    project.run("sql", "select * from customers", "--out", "customers.parquet").must(0)
    parquet = project.folder / "customers.parquet"
    whole = parquet.read_bytes()
    project.change_settings("customers.csv", "customers.parquet")
    for _ in range(8):
        bad = bytearray(whole)
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        parquet.write_bytes(bad)
        ended = project.run("commit", "-m", "bad")
        assert ended.code in (0, 2), f"exit code {ended.code}:\n{ended.said}"
    project.must_be_whole()


def csv_line_has_too_many_fields(project, _):
    project.commit("good")
    project.change_rows(lambda lines: lines[:9] + [lines[9] + ",more"] + lines[10:])
    said = project.run("commit", "-m", "bad").must_be_clear()
    said.must(2, "customers.csv:10", "9 fields", "8")
    project.must_be_whole(["good"])


def csv_line_has_too_few_fields(project, _):
    project.commit("good")
    project.change_rows(lambda lines: lines[:9] + [lines[9].rsplit(",", 1)[0]] + lines[10:])
    said = project.run("commit", "-m", "bad").must_be_clear()
    said.must(2, "customers.csv:10", "7 fields")
    project.must_be_whole(["good"])


def csv_quote_is_never_closed(project, _):
    project.change_rows(lambda lines: lines[:9] + ['"' + lines[9]] + lines[10:])
    project.run("commit", "-m", "bad").must_be_clear().must(2, "customers.csv:10")
    project.must_be_whole([])


def csv_is_not_utf8(project, _):
    text = project.rows.read_bytes().replace(b"family", "familie né".encode("latin-1"), 1)
    project.rows.write_bytes(text)
    project.run("commit", "-m", "bad").must_be_clear().must(2, "customers.csv:2", "UTF-8")
    project.must_be_whole([])


def key_is_there_twice(project, _):
    project.change_rows(lambda lines: lines + [lines[-1]])
    ended = project.run("commit", "-m", "twice")
    if ended.code == 0:
        project.settings.write_text(
            project.settings.read_text()
            + '\n[[check]]\ntable = "customers"\nrule = "customer is unique"\n'
        )
        project.run("check").must(1, "FAILED")
    else:
        ended.must_be_clear().must(2, "C0800")


def table_has_no_rows(project, _):
    project.change_rows(lambda lines: lines[:1])
    project.commit("only a header")
    project.run("sql", "select count(*) as n from customers").must(0, "0")
    project.run("check").must(0)
    project.run("run").must_be_clear().must(2, "rows")
    assert project.json("runs") == []
    project.must_be_whole(["only a header"])


def category_never_seen(project, _):
    project.release()
    lines = project.rows.read_text().splitlines()
    new = project.folder / "new.csv"
    new.write_text("\n".join([lines[0], lines[1].replace("family", "platinum")]) + "\n")
    project.run("predict", "--rows", "new.csv").must(0, "C0001")
    server, url = project.serve()
    try:
        row = {"months": 19, "plan": "platinum", "calls": 1, "late_payments": 1}
        status, text = post(f"{url}/predict", json.dumps(row))
        assert status == 200, f"{status}: {text}"
        answer = json.loads(text)
        assert 0 < answer["probability"] < 1, text
        assert any("platinum" in warning for warning in answer["warnings"]), text
        project.run("predict", "--rows", "new.csv", "--url", url).must(0, "1 of 1")
    finally:
        stop(server)


def numbers_are_not_finite_in_csv(project, _):
    project.change_rows(lambda lines: [with_fee(lines[0], "fee")] + [
        with_fee(line, fee) for line, fee in zip(lines[1:], ["NaN", "inf", "-inf", "1e400"] * 200)
    ])
    ended = project.run("commit", "-m", "not finite")
    if ended.code != 0:
        ended.must_be_clear().must(2, "customers.csv")
    project.must_be_whole()


def with_fee(line, fee):
    fields = line.split(",")
    fields[6] = fee
    return ",".join(fields)


def numbers_are_not_finite_in_parquet(project, _):
    write = (
        "import pyarrow as pa, pyarrow.csv, pyarrow.parquet as pq, sys\n"
        "t = pyarrow.csv.read_csv('customers.csv')\n"
        "fee = [[float('nan'), float('inf'), -float('inf'), 1.5][i % 4] for i in range(len(t))]\n"
        "pq.write_table(t.set_column(6, 'fee', pa.array(fee)), 'customers.parquet')\n"
    )
    subprocess.run([PYTHON, "-c", write], cwd=project.folder, check=True)
    project.change_settings("customers.csv", "customers.parquet")
    project.settings.write_text(project.settings.read_text() + 'fee = "fee"\n')
    project.commit("not finite")
    project.run("check").must(0)
    project.change_settings('plan = "category(plan)"', 'family = "plan = \'family\'"')
    for learner in ("gbdt", "linear"):
        project.run("run", "--set", f"train.learner={learner}").must(0)
        out = project.run("predict", "latest", "--limit", "8").must(0).out
        values = [float(line.split(",")[2]) for line in out.splitlines()[1:]]
        assert len(values) == 8 and all(0 < value < 1 for value in values), out
    project.must_be_whole(["not finite"])


def numbers_are_not_finite_in_requests(project, _):
    project.release()
    server, url = project.serve()
    try:
        row = '{"months": %s, "calls": 1, "late_payments": 0, "plan": "basic"}'
        for bad in ("NaN", "Infinity", "1e400", "-1e999"):
            status, text = post(f"{url}/predict", row % bad)
            assert status == 400, f"{bad}: {status}: {text}"
        status, text = post(f"{url}/predict", row % "1e300")
        assert status in (200, 400), f"{status}: {text}"
        status, text = post(f"{url}/predict", row % "3")
        assert status == 200, f"{status}: {text}"
    finally:
        stop(server)


def object_is_damaged(project, chance):
    """A flipped byte in any stored object is told, with its name, by whoever reads it."""
    project.commit("good")
    objects = sorted(
        (path for path in (project.folder / ".millgate" / "objects").rglob("*") if path.is_file()),
        key=lambda path: path.stat().st_size,
    )
    big = objects[-1]
    whole = big.read_bytes()
    bad = bytearray(whole)
    bad[chance.randrange(len(bad))] ^= 1
    big.chmod(0o644)
    big.write_bytes(bad)
    ended = project.run("run")
    assert ended.code == 3 and ended.err.startswith("error: "), ended.said
    big.write_bytes(whole)
    project.run("run").must(0)
    project.must_be_whole(["good"])


CASES = [
    unknown_key,
    column_missing_in_the_files,
    column_missing_for_a_feature,
    label_is_constant,
    file_is_empty,
    file_is_gone,
    parquet_is_truncated,
    parquet_has_a_flipped_byte,
    csv_line_has_too_many_fields,
    csv_line_has_too_few_fields,
    csv_quote_is_never_closed,
    csv_is_not_utf8,
    key_is_there_twice,
    table_has_no_rows,
    category_never_seen,
    numbers_are_not_finite_in_csv,
    numbers_are_not_finite_in_parquet,
    numbers_are_not_finite_in_requests,
    object_is_damaged,
]
