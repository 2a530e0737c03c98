// Objects that are not what they were: every byte of each kind flipped in turn is found and named,
// and whatever bytes an object holds, its reader ends with rows or with an error.
#include <arrow/record_batch.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "data/store/change_set.h"
#include "data/store/commit_object.h"
#include "data/store/delta_file.h"
#include "data/store/repository.h"
#include "data/store/segment_file.h"
#include "data/store/table_manifest.h"
#include "data/store/test_model_table.h"
#include "data/store/version_update.h"
#include "ground/test_folder.h"
#include "ground/test_rounds.h"

namespace millgate {
namespace {

class DamagedObjectTest : public testing::Test {
 protected:
  /// `next` on top of `version`.
  TableVersion next(const TableVersion& version, const ModelTable& next) {
    auto rows = reader_of(next.table(), 1'000);
    return must(write_next_version(objects_, version, *rows, ModelTable::key()));
  }
  TableVersion fresh(const ModelTable& model) {
    auto rows = reader_of(model.table(), 1'000);
    return must(write_table_version(objects_, *rows, ModelTable::key()));
  }
  /// A table large enough for a delta, with one, and a column that came later.
  void make_version() {
    Random random(7);
    ModelTable model = random_model(random, 4'000);
    version_ = fresh(model);
    model.columns.push_back({"later", arrow::int64()});
    for (auto& [key, row] : model.rows) row["later"] = std::to_string(key.first % 5);
    version_ = next(version_, model);
    edit_model(model, random, 3);
    version_ = next(version_, model);
    ASSERT_EQ(version_.deltas.size(), 1U);
    ASSERT_EQ(version_.segments.size(), 1U);
    ASSERT_EQ(version_.segments[0].added.size(), 1U);
  }

  std::string bytes_of(const Id& id) const { return must(objects_.get(id)); }

  void overwrite(const Id& id, const std::string& bytes) const {
    std::ofstream file(folder_.path(ObjectStore::name_of(id)), std::ios::binary);
    file << bytes;
    ASSERT_TRUE(file.flush().good());
  }

  /// `read` for every byte of the object with one of its bits turned.
  void flip_each(const Id& id, const std::function<void(size_t at)>& read) const {
    const std::string whole = bytes_of(id);
    for (size_t at = 0; at < whole.size(); ++at) {
      std::string bad = whole;
      bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
      overwrite(id, bad);
      read(at);
      if (HasFailure()) break;
    }
    overwrite(id, whole);
  }

  template <typename Read>
  void every_flip_is_found(const Id& id, const Read& read) const {
    must(read());
    flip_each(id, [&](size_t at) {
      const auto done = read();
      ASSERT_FALSE(done.ok()) << "byte " << at;
      EXPECT_EQ(done.error().code, ErrorCode::damaged) << done.error().what;
      EXPECT_EQ(done.error().where, ObjectStore::name_of(id));
    });
    must(read());
  }

  /// `count` texts that are `whole` with bytes changed, put in, left out or cut off.
  static void mutate(const std::string& whole, int count, Random& random,
                     const std::function<void(const std::string&)>& read) {
    for (int i = 0; i < count; ++i) {
      std::string bad = whole;
      for (uint64_t edits = 1 + random.below(4); edits > 0; --edits) {
        if (bad.empty()) break;
        const size_t at = random.below(bad.size());
        const size_t length = 1 + random.below(8);
        switch (random.below(6)) {
          case 0:
            bad[at] = static_cast<char>(random.below(256));
            break;
          case 1:
            bad[at] = static_cast<char>(bad[at] ^ (1 << random.below(8)));
            break;
          case 2:
            bad.erase(at, length);
            break;
          case 3:
            bad.insert(at, whole, random.below(whole.size()), length);
            break;
          case 4:
            std::fill_n(bad.begin() + static_cast<std::ptrdiff_t>(at),
                        std::min(length, bad.size() - at), static_cast<char>(0xff));
            break;
          default:
            if (random.below(8) == 0) bad.resize(at);
        }
      }
      read(bad);
    }
  }

  /// Reads to the end; the answer does not matter, only that there is one.
  void read_all(const TableVersion& version) const {
    const auto rows = read_rows(objects_, version);
    if (rows.ok()) (void)all_rows(**rows);
  }

  static uint64_t seed() {
    const char* given = std::getenv("MILLGATE_SEED");
    const uint64_t seed = given == nullptr ? 20'130 : std::strtoull(given, nullptr, 10);
    return seed;
  }

  TestFolder folder_;
  ObjectStore objects_{*open_local_file_store(folder_.path())};
  TableVersion version_;
};

TEST_F(DamagedObjectTest, EveryFlippedByteIsFoundAndNamed) {
  make_version();
  const auto manifests = [&] { return read_table_version(objects_, version_.id); };
  every_flip_is_found(version_.id, manifests);
  every_flip_is_found(version_.base, manifests);
  every_flip_is_found(version_.deltas[0].object,
                      [&] { return read_delta(objects_, version_, version_.deltas[0]); });
  const Segment& segment = version_.segments[0];
  every_flip_is_found(segment.added[0].object,
                      [&] { return read_segment(objects_, segment, {"later"}, {}); });
}

TEST_F(DamagedObjectTest, EveryFlippedByteOfASegmentIsFoundByWhoReadsTheTable) {
  Random random(8);
  const TableVersion version = fresh(random_model(random, 60));
  every_flip_is_found(version.segments[0].object, [&]() -> Result<std::string> {
    MILLGATE_ASSIGN(const auto rows, read_rows(objects_, version));
    std::shared_ptr<arrow::RecordBatch> batch;
    const auto read = rows->ReadNext(&batch);
    if (!read.ok()) return arrow_error(read, "rows");
    return batch->ToString();
  });
}

TEST_F(DamagedObjectTest, AFlippedByteThatIsReadWithoutItsHashIsFoundOrDoesNotMatter) {
  // As a change set looks up its keys: only the columns of the key are read.
  Random random(9);
  const TableVersion version = fresh(random_model(random, 200));
  const ParquetReading quick{.check_hash = false, .use_threads = false};
  const auto read = [&] {
    return read_segment(objects_, version.segments[0], ModelTable::key(), quick);
  };
  const auto right = must(read());
  size_t found = 0;
  flip_each(version.segments[0].object, [&](size_t at) {
    const auto rows = read();
    found += !rows.ok();
    if (rows.ok()) {
      EXPECT_TRUE((*rows)->Equals(*right)) << "byte " << at;
    }
  });
  EXPECT_GT(found, 100U);
}

TEST_F(DamagedObjectTest, EveryFlippedByteOfACommitIsFound) {
  const TestFolder place;
  const ManualClock clock{*parse_time("2013-01-01")};
  const auto repository = must(Repository::init(place.path(), clock));
  NewCommit change;
  change.tables = {{"flights", hash_of("a")}};
  change.message = "first";
  const Id id = must(repository->commit("main", change)).id;
  const std::string path = place.path(".millgate/" + ObjectStore::name_of(id));
  const std::string whole = must(read_file(path));
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    must(write_file(path, bad));
    const auto commit = repository->resolve("main");
    ASSERT_FALSE(commit.ok()) << "byte " << at;
    EXPECT_EQ(commit.error().code, ErrorCode::damaged);
    EXPECT_EQ(commit.error().where, ObjectStore::name_of(id));
  }
}

TEST_F(DamagedObjectTest, WhateverATextHoldsItsReaderEnds) {
  make_version();
  SCOPED_TRACE("MILLGATE_SEED=" + std::to_string(seed()));
  Random random(seed());
  int parsed = 0;
  mutate(bytes_of(version_.id), 3'000, random, [&](const std::string& text) {
    auto version = parse_manifest(text, version_.id);
    if (!version.ok()) return;
    ++parsed;
    version->segments = version_.segments;
    read_all(*version);
  });
  mutate(bytes_of(version_.base), 3'000, random, [&](const std::string& text) {
    auto segments = parse_segment_list(text, version_.base);
    if (!segments.ok()) return;
    ++parsed;
    TableVersion version = version_;
    version.segments = *std::move(segments);
    read_all(version);
  });
  EXPECT_GT(parsed, 0);
  Commit commit;
  commit.parents = {hash_of("parent")};
  commit.tables = {{"flights", version_.id}};
  commit.author = "Zoë";
  commit.message = "first";
  commit.origin_json = R"({"flights": {"files": []}})";
  const std::string text = must(commit_text(commit));
  mutate(text, 3'000, random, [&](const std::string& bad) { (void)parse_commit(bad, Id{}); });
}

TEST_F(DamagedObjectTest, WhateverAParquetObjectHoldsItsReaderEnds) {
  make_version();
  SCOPED_TRACE("MILLGATE_SEED=" + std::to_string(seed()));
  Random random(seed());
  int read = 0;
  mutate(bytes_of(version_.deltas[0].object), test_rounds(1'500), random,
         [&](const std::string& bytes) {
           Delta delta = version_.deltas[0];
           delta.object = must(objects_.put(bytes));
           read += read_delta(objects_, version_, delta).ok();
         });
  Random rows(10);
  const TableVersion small = fresh(random_model(rows, 200));
  mutate(bytes_of(small.segments[0].object), test_rounds(1'500), random,
         [&](const std::string& bytes) {
           TableVersion version = small;
           version.segments[0].object = must(objects_.put(bytes));
           read_all(version);
         });
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace millgate
