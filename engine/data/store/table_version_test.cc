#include "data/store/table_version.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "data/store/logical_hash.h"
#include "data/store/table_manifest.h"
#include "data/table/sort.h"
#include "data/table/test_table.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::HasSubstr;

class TableVersionTest : public testing::Test {
 protected:
  /// Rows `id` in `ids`; `value` is a function of `id`, but `changes` override it.
  static std::shared_ptr<arrow::Table> table_of(const std::vector<int64_t>& ids,
                                                const std::map<int64_t, double>& changes = {}) {
    arrow::Int64Builder id_builder;
    arrow::DoubleBuilder value_builder;
    arrow::StringBuilder text_builder;
    for (const int64_t id : ids) {
      const auto change = changes.find(id);
      const double value = change != changes.end() ? change->second : static_cast<double>(id) / 8;
      EXPECT_TRUE(id_builder.Append(id).ok());
      EXPECT_TRUE(value_builder.Append(value).ok());
      EXPECT_TRUE((id % 7 == 0 ? text_builder.AppendNull()
                               : text_builder.Append("row " + std::to_string(id % 100)))
                      .ok());
    }
    return arrow::Table::Make(
        arrow::schema({arrow::field("id", arrow::int64()), arrow::field("value", arrow::float64()),
                       arrow::field("text", arrow::utf8())}),
        {id_builder.Finish().ValueOrDie(), value_builder.Finish().ValueOrDie(),
         text_builder.Finish().ValueOrDie()});
  }

  static std::vector<int64_t> first_ids(int64_t count) {
    std::vector<int64_t> ids(static_cast<size_t>(count));
    std::iota(ids.begin(), ids.end(), 0);
    return ids;
  }

  Result<TableVersion> write(const std::shared_ptr<arrow::Table>& table, int64_t batch_rows = 5000,
                             const std::vector<std::string>& key = {"id"}) {
    auto reader = reader_of(table, batch_rows);
    return write_table_version(objects_, *reader, key);
  }

  static std::set<Id> objects_of(const TableVersion& version) {
    std::set<Id> ids;
    for (const Segment& segment : version.segments) ids.insert(segment.object);
    return ids;
  }

  std::string csv_of_version(const TableVersion& version) {
    return csv_of(*must(read_rows(objects_, version)));
  }

  TestFolder folder_;
  ObjectStore objects_{*open_local_file_store(folder_.path())};
};

TEST_F(TableVersionTest, RowsComeBackAndTheManifestTells) {
  const auto table = table_of(first_ids(150'000));
  const TableVersion version = must(write(table));
  EXPECT_EQ(csv_of_version(version), csv_of(*table));
  EXPECT_EQ(version.row_count, 150'000);
  ASSERT_EQ(version.columns.size(), 3U);
  EXPECT_EQ(version.columns[1].type, "double");
  EXPECT_EQ(version.columns[1].maximum, "18749.875");
  EXPECT_EQ(version.columns[2].null_count, 21'429);  // ceil(150000 / 7)
  EXPECT_EQ(version.columns[2].minimum, "row 0");
  EXPECT_EQ(version.columns[2].maximum, "row 99");
  for (size_t i = 0; i + 1 < version.segments.size(); ++i) {
    EXPECT_GE(version.segments[i].row_count, 16 << 10);
    EXPECT_LE(version.segments[i].row_count, 64 << 10);
  }
  EXPECT_GT(version.segments.size(), 2U);
  const TableVersion read = must(read_table_version(objects_, version.id));
  EXPECT_EQ(read.id, version.id);
  EXPECT_EQ(read.key, version.key);
  EXPECT_EQ(read.logical_hash, version.logical_hash);
  EXPECT_TRUE(read.schema->Equals(*version.schema));
  EXPECT_EQ(manifest_text(read), manifest_text(version));
  EXPECT_EQ(csv_of_version(read), csv_of(*table));
}

TEST_F(TableVersionTest, EqualRowsAreEqualObjectsHoweverTheyCome) {
  const auto table = table_of(first_ids(100'000));
  const TableVersion version = must(write(table));
  for (const int64_t batch_rows : {1'000, 33'333, 200'000}) {
    EXPECT_EQ(must(write(table, batch_rows)).id, version.id) << batch_rows;
  }
}

TEST_F(TableVersionTest, OneChangedRowMakesOneNewSegment) {
  const auto ids = first_ids(400'000);
  const TableVersion version = must(write(table_of(ids)));
  const TableVersion changed = must(write(table_of(ids, {{200'000, -1.0}})));
  const auto before = objects_of(version);
  const auto after = objects_of(changed);
  std::vector<Id> added;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                      std::back_inserter(added));
  EXPECT_EQ(added.size(), 1U);
  EXPECT_EQ(after.size(), before.size());
  EXPECT_NE(changed.logical_hash, version.logical_hash);
}

TEST_F(TableVersionTest, InsertedAndRemovedRowsLeaveMostSegmentsAsTheyAre) {
  const auto ids = first_ids(400'000);
  const auto before = objects_of(must(write(table_of(ids))));
  std::vector<int64_t> edited;
  for (const int64_t id : ids) {
    if (id != 20'000) edited.push_back(id * 1);
    if (id == 350'000) edited.push_back(1'000'000'000);
  }
  std::sort(edited.begin(), edited.end());
  const auto after = objects_of(must(write(table_of(edited))));
  std::vector<Id> shared;
  std::set_intersection(after.begin(), after.end(), before.begin(), before.end(),
                        std::back_inserter(shared));
  EXPECT_GE(shared.size() * 3, after.size() * 2) << shared.size() << " of " << after.size();
}

TEST_F(TableVersionTest, LongTextsMakeSegmentsOfFewRows) {
  constexpr int64_t kMiB = 1 << 20;
  Random random(31);
  arrow::Int64Builder id_builder;
  arrow::StringBuilder text_builder;
  arrow::BinaryBuilder bytes_builder;
  std::vector<int64_t> sizes;
  const auto add = [&](int64_t text, int64_t bytes) {
    ASSERT_TRUE(id_builder.Append(static_cast<int64_t>(sizes.size())).ok());
    ASSERT_TRUE(text_builder.Append(std::string(static_cast<size_t>(text), 'x')).ok());
    ASSERT_TRUE(bytes_builder.Append(std::string(static_cast<size_t>(bytes), 'y')).ok());
    sizes.push_back(text + bytes);
  };
  for (int row = 0; row < 9'000; ++row) {
    if (row == 4'000) add(20 * kMiB, 0);  // Longer than a segment may be.
    add(static_cast<int64_t>(random.below(9'000)), static_cast<int64_t>(random.below(3'000)));
  }
  const auto schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("text", arrow::utf8()),
                     arrow::field("bytes", arrow::binary())});
  const auto table = arrow::Table::Make(
      schema, {id_builder.Finish().ValueOrDie(), text_builder.Finish().ValueOrDie(),
               bytes_builder.Finish().ValueOrDie()});
  const TableVersion version = must(write(table, 700));
  // The rule of docs/formats/table-version.md, written down plainly.
  std::vector<int64_t> expected;
  int64_t rows = 0;
  int64_t held = 0;
  for (size_t id = 0; id < sizes.size(); ++id) {
    std::string key = "\1\x80";
    key.append(7, '\0');
    for (size_t i = 0; i < 4; ++i) key[8 - i] = static_cast<char>(id >> (8 * i));
    const bool chosen = static_cast<int64_t>(mixed_hash(key) % 16'384 * 256) <= sizes[id];
    const bool full = held + sizes[id] > 16 * kMiB;
    if (rows > 0 && (full || (held >= 4 * kMiB && chosen))) {
      expected.push_back(std::exchange(rows, 0));
      held = 0;
    }
    ++rows;
    held += sizes[id];
  }
  expected.push_back(rows);
  std::vector<int64_t> found;
  for (const Segment& segment : version.segments) found.push_back(segment.row_count);
  EXPECT_EQ(found, expected);
  EXPECT_GT(found.size(), 6U);
  EXPECT_TRUE(std::find(found.begin(), found.end(), 1) != found.end());
  expect_equal_rows(*must(all_rows(*must(read_rows(objects_, version)))), *table);
  // A row that goes leaves most segments as they are.
  const auto fewer = arrow::ConcatenateTables({table->Slice(0, 1'000), table->Slice(1'001)});
  const auto before = objects_of(version);
  const auto after = objects_of(must(write(fewer.ValueOrDie(), 700)));
  std::vector<Id> shared;
  std::set_intersection(after.begin(), after.end(), before.begin(), before.end(),
                        std::back_inserter(shared));
  EXPECT_GE(shared.size() + 3, before.size()) << shared.size() << " of " << before.size();
}

TEST_F(TableVersionTest, LogicalHashDependsOnRowsAlone) {
  const auto ids = first_ids(20'000);
  const auto table = table_of(ids);
  const TableVersion version = must(write(table));
  const TableVersion keyless = must(write(table, 5000, {}));
  EXPECT_NE(keyless.logical_hash, version.logical_hash);
  // Another order of rows, without a key.
  auto shuffled_ids = ids;
  Random random(11);
  for (size_t i = shuffled_ids.size(); i > 1; --i) {
    std::swap(shuffled_ids[i - 1], shuffled_ids[random.below(i)]);
  }
  const TableVersion shuffled = must(write(table_of(shuffled_ids), 777, {}));
  EXPECT_NE(shuffled.id, keyless.id);
  EXPECT_EQ(shuffled.logical_hash, keyless.logical_hash);
  // Another order of columns.
  const auto turned = table->SelectColumns({2, 0, 1}).ValueOrDie();
  EXPECT_EQ(must(write(turned)).logical_hash, version.logical_hash);
  // Two values of one column swapped between rows.
  EXPECT_NE(must(write(table_of(ids, {{8, 2.0}, {16, 1.0}}))).logical_hash, version.logical_hash);
  // A row fewer, a row twice.
  auto fewer = ids;
  fewer.pop_back();
  EXPECT_NE(must(write(table_of(fewer))).logical_hash, version.logical_hash);
  auto twice = ids;
  twice.push_back(5);
  EXPECT_NE(must(write(table_of(twice), 5000, {})).logical_hash, keyless.logical_hash);
  // Another name for a column.
  const auto renamed = table->RenameColumns({"id", "value", "note"}).ValueOrDie();
  EXPECT_NE(must(write(renamed)).logical_hash, version.logical_hash);
}

/// The specification in docs/formats/table-version.md, computed by other code:
///
///   import hashlib, struct
///   M = 2**64 - 1
///   def mix(x):
///       x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & M
///       x = (x ^ x >> 27) * 0x94d049bb133111eb & M
///       return x ^ x >> 31
///   def fold(a, b): return (a * b & M) ^ (a * b >> 64)
///   def text(b):
///       a, c = len(b), ~len(b) & M
///       for i in range(0, len(b), 8):
///           w = int.from_bytes(b[i:i+8].ljust(8, b"\0"), "little")
///           a = mix(a ^ w); c = mix(c + ((w << 32 | w >> 32) & M) & M)
///       return a, c
///   def cell(row, words): return mix(mix(row ^ words[0]) + words[1] & M)
///   def field(b): return struct.pack("<Q", len(b)) + b
///   def digest(rows, cells):
///       sums = [0] * 4
///       for r, w in zip(rows, cells):
///           for i in range(4):
///               sums[i] += fold(cell(r, w) ^ mix(i + 1), mix(i + 5) | 1)
///       return struct.pack("<4Q", *(s & M for s in sums))
///   def table(key, columns):  # name, type, digest
///       b = field(str(len(key)).encode()) + b"".join(map(field, key))
///       for c in sorted(columns): b += b"".join(map(field, c))
///       return hashlib.sha256(b).hexdigest()
///   n = [(7, 1), (M, 1)]
///   t = [text("gate 12 å".encode()), (0, 0)]
///   def key_bytes(v): return b"\1" + struct.pack(">Q", (v + 2**63) & M)
///   keyed = [mix(text(key_bytes(v))[0]) for v in (7, -1)]
///   name = lambda s: mix(text(s)[0])
///   keyless = [cell(name(b"n"), a) + cell(name(b"t"), b) & M for a, b in zip(n, t)]
///   for key, rows in ([b"n"], keyed), ([], keyless):
///       print(table(key, [(b"n", b"int64", digest(rows, n)), (b"t", b"string", digest(rows, t))]))
TEST_F(TableVersionTest, LogicalHashIsTheOneOfTheSpecification) {
  must(write_file(folder_.path("t.csv"), "n,t\n7,gate 12 \xc3\xa5\n-1,\n"));
  const auto table = must(read_files({folder_.path("t.csv")}));
  EXPECT_EQ(must(write(table, 5000, {})).logical_hash->hex(),
            "b5d6e95417bb9df20000230e6563c6d4b34d9b06fb52f7ab7dabb98dc1c9cbd2");
  must(write_file(folder_.path("t.csv"), "n,t\n-1,\n7,gate 12 \xc3\xa5\n"));
  const auto sorted = must(read_files({folder_.path("t.csv")}));
  EXPECT_EQ(must(write(sorted, 5000, {"n"})).logical_hash->hex(),
            "ab280cc02b96059452bdc311ac382e07f334e3ec5fdeccdfd09908b3c5573045");
}

TEST_F(TableVersionTest, ATableWithoutRows) {
  const TableVersion version = must(write(table_of({})));
  EXPECT_EQ(version.row_count, 0);
  EXPECT_TRUE(version.segments.empty());
  const TableVersion read = must(read_table_version(objects_, version.id));
  EXPECT_EQ(csv_of_version(read), "id,value,text\n");
}

TEST_F(TableVersionTest, AllTypesSurvive) {
  must(write_file(folder_.path("t.csv"),
                  "i,b,d,day,local,utc,s\n"
                  "1,true,0.1,2013-01-01,2013-01-01 10:00,2013-01-01T10:00:00.25Z,x\n"
                  "2,false,NaN,1900-01-01,1969-12-31 23:59:59.5,1969-12-31T23:59:59Z,\"\"\n"
                  "3,,,,,,\n"));
  const auto table = must(read_files({folder_.path("t.csv")}));
  const TableVersion version = must(write(table, 5000, {"i"}));
  EXPECT_EQ(csv_of_version(version), csv_of(*table));
  EXPECT_EQ(types_of(*must(read_table_version(objects_, version.id)).schema),
            types_of(*table->schema()));
  EXPECT_EQ(version.columns[2].minimum, "0.1");
  EXPECT_EQ(version.columns[2].maximum, "0.1");
  EXPECT_EQ(version.columns[3].minimum, "1900-01-01");
  EXPECT_EQ(version.columns[4].minimum, "1969-12-31T23:59:59.500000");
  EXPECT_EQ(version.columns[5].maximum, "2013-01-01T10:00:00.250000Z");
  EXPECT_EQ(version.columns[6].minimum, "");
}

TEST_F(TableVersionTest, DamageIsFoundOnTheWay) {
  const auto table = table_of(first_ids(60'000));
  const TableVersion version = must(write(table));
  const std::string path = must(objects_.local_path(version.segments[1].object));
  std::string bytes = must(read_file(path));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(path, std::ios::binary) << bytes;
  const auto rows = all_rows(*must(read_rows(objects_, version)));
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().code, ErrorCode::damaged);
  EXPECT_THAT(rows.error().what, HasSubstr(version.segments[1].object.brief()));
}

TEST_F(TableVersionTest, ManifestsThatContradictThemselvesAreDamaged) {
  const TableVersion version = must(write(table_of(first_ids(10))));
  const std::string text = manifest_text(version);
  const auto expect = [&](const std::string& from, const std::string& to, ErrorCode code) {
    std::string changed = text;
    const size_t at = changed.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    changed.replace(at, from.size(), to);
    const auto parsed = parse_manifest(changed, version.id);
    ASSERT_FALSE(parsed.ok()) << from;
    EXPECT_EQ(parsed.error().code, code) << parsed.error().what;
    EXPECT_FALSE(parsed.error().what.empty());
  };
  expect("\"row_count\": 10", "\"row_count\": -10", ErrorCode::damaged);
  expect("\"int64\"", "\"int65\"", ErrorCode::damaged);
  expect("\"string\"", "\"binary\"", ErrorCode::damaged);  // Its hash is another.
  expect("\"version\": 2", "\"version\": 4", ErrorCode::invalid_input);
  expect("\"version\": 2", "\"version\": 1", ErrorCode::invalid_input);
  expect("millgate table version", "millgate commit", ErrorCode::damaged);
  expect("\"key\"", "\"keys\"", ErrorCode::damaged);
  expect(version.base.hex(), "x", ErrorCode::damaged);
  expect(version.digests[1].hex(), version.digests[0].hex(), ErrorCode::damaged);
  for (size_t size = 0; size + 1 < text.size(); ++size) {
    ASSERT_FALSE(parse_manifest(text.substr(0, size), version.id).ok()) << size;
  }
  std::string more = text;
  more.replace(more.find("\"row_count\": 10"), 15, "\"row_count\": 11");
  EXPECT_EQ(read_table_version(objects_, must(objects_.put(more))).error().code,
            ErrorCode::damaged);
}

TEST_F(TableVersionTest, ListsOfSegmentsThatContradictThemselvesAreDamaged) {
  const TableVersion version = must(write(table_of(first_ids(60'000))));
  ASSERT_GT(version.segments.size(), 1U);
  const std::string text = segment_list_text(version.segments);
  EXPECT_EQ(must(parse_segment_list(text, version.base)), version.segments);
  for (size_t size = 0; size + 1 < text.size(); size += 7) {
    ASSERT_FALSE(parse_segment_list(text.substr(0, size), version.base).ok()) << size;
  }
  std::vector<Segment> turned = version.segments;
  std::swap(turned[0], turned[1]);
  EXPECT_EQ(parse_segment_list(segment_list_text(turned), version.base).error().code,
            ErrorCode::damaged);
}

TEST_F(TableVersionTest, RowsOutOfOrderAreRefused) {
  EXPECT_TRUE(is_out_of_order(write(table_of({1, 3, 2})).error()));
  EXPECT_TRUE(is_out_of_order(write(table_of({1, 2, 2})).error()));
  EXPECT_EQ(write(table_of({1, 2}), 5000, {"ids"}).error().code, ErrorCode::invalid_input);
}

TEST_F(TableVersionTest, AFullDiskLeavesNothingBehind) {
  auto files = *open_local_file_store(folder_.path("full"));
  ObjectStore full(make_faulty_file_store(files, [](std::string_view operation, auto&) {
    return operation == "write" ? Status(outside_failure("the disk is full")) : Status();
  }));
  auto reader = reader_of(table_of(first_ids(10)));
  const auto version = write_table_version(full, *reader, {"id"});
  ASSERT_FALSE(version.ok());
  EXPECT_EQ(version.error().code, ErrorCode::outside);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("full/objects")));
}

}  // namespace
}  // namespace millgate
