#include "data/keep/forget.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include "data/keep/garbage.h"
#include "data/keep/known_copies.h"
#include "data/keep/make_backup.h"
#include "data/keep/remote.h"
#include "data/keep/remote_forgets.h"
#include "data/keep/restore.h"
#include "data/keep/soundness.h"
#include "data/keep/test_keep.h"
#include "data/keep/transfer.h"
#include "data/store/commit_merge.h"
#include "data/store/test_model_table.h"
#include "data/store/version_update.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kMarker = "QzMarkerOfOnePerson";

/// Whether any value of a Parquet file, or its footer, has `marker` in it.
bool parquet_holds(const std::string& bytes, const std::string& marker) {
  const auto file = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  parquet::arrow::FileReaderBuilder builder;
  if (!builder.Open(file).ok()) return false;
  std::unique_ptr<parquet::arrow::FileReader> reader;
  if (!builder.Build(&reader).ok()) return false;
  const auto table = reader->ReadTable();
  if (!table.ok()) return false;
  for (const auto& column : (*table)->columns()) {
    for (const auto& chunk : column->chunks()) {
      for (int64_t row = 0; row < chunk->length(); ++row) {
        if (value_text(*chunk, row).find(marker) != std::string::npos) return true;
      }
    }
  }
  return false;
}

std::string hex_of(const std::string& text) {
  std::string hex;
  for (const char c : text) {
    constexpr const char* kDigits = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

/// Files below `folder` that have `marker` in them: as it is, in hexadecimal digits (first keys),
/// or inside of what Parquet compresses.
std::vector<std::string> files_with(const std::string& folder, const std::string& marker) {
  std::vector<std::string> found;
  const std::string hex = hex_of(marker);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    if (bytes.find(marker) != std::string::npos || bytes.find(hex) != std::string::npos ||
        (bytes.starts_with("PAR1") && parquet_holds(bytes, marker))) {
      found.push_back(entry.path().string());
    }
  }
  return found;
}

ModelKey person_key(int64_t id) { return {id, std::string("p ") + kMarker}; }

class ForgetTest : public testing::Test {
 protected:
  TableVersion version_of(const ModelTable& model, const std::optional<Commit>& parent) {
    auto rows = reader_of(model.table(), 5'000);
    ObjectStore& objects = repository_->objects();
    if (!parent) return must(write_table_version(objects, *rows, ModelTable::key()));
    const TableVersion before = must(read_table_version(objects, parent->tables.at("people")));
    return must(write_next_version(objects, before, *rows, ModelTable::key()));
  }

  Commit commit(const std::string& branch, const ModelTable& model,
                const std::vector<Id>& merged = {}) {
    const auto tips = must(repository_->branches());
    std::optional<Commit> parent;
    if (tips.contains(branch)) parent = must(repository_->read_commit(tips.at(branch)));
    NewCommit change;
    change.tables["people"] = version_of(model, parent).id;
    change.merged_parents = merged;
    change.author = "ada";
    clock_.set(Time{micros_ += 1'000'000});
    const Commit made = must(repository_->commit(branch, change));
    states_.insert_or_assign(made.id, model);
    return made;
  }

  ForgetRequest request_for(const std::set<ModelKey>& keys) const {
    ForgetRequest request;
    request.table = "people";
    request.columns = ModelTable::key();
    for (const ModelKey& key : keys) {
      request.rows.insert({std::to_string(key.first), key.second});
    }
    request.author = "ada";
    request.grace_micros = 0;
    return request;
  }

  /// Every commit holds what the model held, but `keys`.
  void expect_all_states_without(const std::set<ModelKey>& keys) {
    TestFolder elsewhere;
    ObjectStore fresh_objects(*open_local_file_store(elsewhere.path("fresh")));
    for (const auto& [id, state] : states_) {
      ModelTable expected = state;
      for (const ModelKey& key : keys) expected.rows.erase(key);
      const Commit commit = must(repository_->read_commit(id));
      const TableVersion version =
          must(read_table_version(repository_->objects(), commit.tables.at("people")));
      auto rows = must(read_rows(repository_->objects(), version));
      EXPECT_EQ(texts_of(must(all_rows(*rows))), texts_of(expected.table()));
      auto source = reader_of(expected.table(), 5'000);
      const TableVersion fresh =
          must(write_table_version(fresh_objects, *source, ModelTable::key()));
      EXPECT_EQ(version.row_count, fresh.row_count);
      EXPECT_EQ(version.logical_hash, fresh.logical_hash);
      ASSERT_EQ(version.columns.size(), fresh.columns.size());
      for (size_t i = 0; i < fresh.columns.size(); ++i) {
        const auto of_fresh =
            std::find_if(fresh.columns.begin(), fresh.columns.end(),
                         [&](const auto& one) { return one.name == version.columns[i].name; });
        EXPECT_EQ(version.columns[i].null_count, of_fresh->null_count);
        if (!version.columns[i].exact) continue;
        EXPECT_EQ(version.columns[i].minimum, of_fresh->minimum) << version.columns[i].name;
        EXPECT_EQ(version.columns[i].maximum, of_fresh->maximum) << version.columns[i].name;
      }
    }
  }

  void expect_nothing_left() {
    EXPECT_THAT(files_with(repository_->folder(""), kMarker), IsEmpty());
    const SoundnessReport sound =
        must(check_soundness(*repository_, {.repair_from = nullptr, .progress = {}}));
    EXPECT_THAT(sound.broken, IsEmpty());
  }

  static std::vector<std::string> texts_of(const std::shared_ptr<arrow::Table>& table) {
    const auto rows = table->CombineChunksToBatch().ValueOrDie();
    std::vector<std::string> names = rows->schema()->field_names();
    std::sort(names.begin(), names.end());
    std::vector<std::string> texts;
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      std::string text;
      for (const std::string& name : names) {
        text += name + "=" + value_text(*rows->GetColumnByName(name), row) + ";";
      }
      texts.push_back(std::move(text));
    }
    return texts;
  }

  TestFolder folder_;
  int64_t micros_ = 1'700'000'000'000'000;
  ManualClock clock_{Time{micros_}};
  std::shared_ptr<Repository> repository_ = *Repository::init(folder_.path("project"), clock_);
  std::map<Id, ModelTable> states_;
};

/// Branches, merges, new columns, folds and deltas; persons come, change, go and come again.
TEST_F(ForgetTest, EveryVersionIsTheModelWithoutTheRows) {
  const auto seed = static_cast<uint64_t>(::getpid());
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 3; ++round) {
    TestFolder place;
    repository_ = *Repository::init(place.path("project"), clock_);
    states_.clear();
    const int64_t row_count = round % 2 == 0 ? 60 : 2'500;
    ModelTable model = random_model(random, row_count);
    std::set<ModelKey> persons = {person_key(-5), person_key(row_count / 2),
                                  person_key(row_count * 3)};
    const auto touch_persons = [&](ModelTable& table) {
      for (const ModelKey& key : persons) {
        if (random.below(3) == 0) table.rows.erase(key);
        if (random.below(2) == 0) continue;
        table.rows[key] = table.random_row(random);
        table.rows[key]["note"] = std::string(random.below(2) == 0 ? "" : "zz") + kMarker;
      }
    };
    std::map<std::string, ModelTable> tips;
    touch_persons(model);
    model.rows[*persons.begin()] = model.random_row(random);
    commit("main", model);
    tips["main"] = model;
    must(repository_->make_branch("side", "main", "ada"));
    tips["side"] = model;
    for (int step = 0; step < 14; ++step) {
      const std::string branch = random.below(3) == 0 ? "side" : "main";
      ModelTable& table = tips[branch];
      edit_model(table, random, static_cast<int64_t>(1 + random.below(6)));
      touch_persons(table);
      if (random.below(8) == 0 && table.columns.size() < 9) {
        const std::string name = "extra" + std::to_string(table.columns.size());
        table.columns.push_back({name, arrow::utf8()});
        for (auto& [key, row] : table.rows) {
          row[name] = persons.contains(key) ? ModelCell(kMarker) : ModelCell("plain");
        }
      }
      if (random.below(6) == 0 && branch == "main") {
        const auto theirs = must(repository_->branches()).at("side");
        commit(branch, table, {theirs});
      } else {
        commit(branch, table);
      }
    }
    ASSERT_THAT(files_with(repository_->folder(""), kMarker), Not(IsEmpty()));
    const std::set<ModelKey> first = {*persons.begin()};
    ASSERT_TRUE(forget_rows(*repository_, request_for(first)).ok());
    expect_all_states_without(first);
    // The others in two steps: versions that were rewritten once are rewritten again.
    ASSERT_TRUE(forget_rows(*repository_, request_for(persons)).ok());
    expect_all_states_without(persons);
    expect_nothing_left();
    const ForgetReport again = must(forget_rows(*repository_, request_for(persons)));
    EXPECT_EQ(again.event_number, 0);
    EXPECT_GT(again.known_since, 0);
    // And life goes on.
    ModelTable& table = tips["main"];
    for (const ModelKey& key : persons) table.rows.erase(key);
    edit_model(table, random, 5);
    commit("main", table);
    expect_all_states_without(persons);
    expect_nothing_left();
    const auto garbage = must(collect_garbage(*repository_, {.grace_micros = 0, .dry_run = false}));
    EXPECT_GE(garbage.kept_count, 1);
    expect_all_states_without(persons);
  }
}

/// Rows at the bounds of segments, and whole segments, while deltas hold rows in their ranges.
TEST_F(ForgetTest, BoundsOfSegmentsAreOfRowsThatStay) {
  Random random(7);
  ModelTable model;
  model.columns = {{"note", arrow::utf8()}};
  const auto note = [&](int64_t id) { return std::to_string(id) + std::string(1'500, 'x'); };
  for (int64_t id = 0; id < 30'000; id += 2) model.rows[{id, "a"}]["note"] = note(id);
  commit("main", model);
  ModelTable next = model;
  for (int64_t id = 1; id < 30'000; id += 1'000) next.rows[{id, "b"}]["note"] = note(id);
  next.rows.erase({4'000, "a"});
  const Commit second = commit("main", next);
  const TableVersion version =
      must(read_table_version(repository_->objects(), second.tables.at("people")));
  ASSERT_GE(version.segments.size(), 2U);
  ASSERT_EQ(version.deltas.size(), 1U);
  int64_t begin = 0;
  std::set<ModelKey> keys;
  std::set<ModelKey> bounds;
  for (size_t i = 0; i < version.segments.size(); ++i) {
    bounds.insert({begin * 2, "a"});
    if (i == 1) {
      for (int64_t row = 0; row < version.segments[i].row_count; ++row) {
        keys.insert({(begin + row) * 2, "a"});
      }
    }
    begin += version.segments[i].row_count;
  }
  ASSERT_TRUE(forget_rows(*repository_, request_for(bounds)).ok());
  expect_all_states_without(bounds);
  keys.insert(bounds.begin(), bounds.end());
  ASSERT_TRUE(forget_rows(*repository_, request_for(keys)).ok());
  expect_all_states_without(keys);
  for (const auto& [key, row] : next.rows) keys.insert(key);
  for (const auto& [key, row] : model.rows) keys.insert(key);
  ASSERT_TRUE(forget_rows(*repository_, request_for(keys)).ok());
  expect_all_states_without(keys);
}

/// No cell of the row is an extreme: digests are not counted anew, but the row is taken out of
/// them.
TEST_F(ForgetTest, DigestsLoseARowInTheMiddle) {
  ModelTable model;
  model.columns = {{"note", arrow::utf8()}};
  for (int64_t id = 0; id < 90; ++id) {
    model.rows[{id, std::string(1, "amz"[id % 3])}]["note"] = std::to_string(100 + id);
  }
  commit("main", model);
  ASSERT_TRUE(forget_rows(*repository_, request_for({{46, "m"}})).ok());
  expect_all_states_without({{46, "m"}});
}

TEST_F(ForgetTest, ATableWithoutKeyAndOneWhoseKeyChanged) {
  const auto commit_rows = [&](const std::string& table, const std::shared_ptr<arrow::Table>& rows,
                               const std::vector<std::string>& key) {
    auto reader = reader_of(rows, 100);
    NewCommit change;
    change.tables[table] = must(write_table_version(repository_->objects(), *reader, key)).id;
    change.author = "ada";
    return must(repository_->commit("main", change));
  };
  ModelTable model = random_model(*std::make_unique<Random>(3), 40);
  model.rows[person_key(4)]["note"] = kMarker;
  for (const auto& column : model.columns) model.rows[person_key(4)][column.name];
  model.rows[person_key(4)]["note"] = kMarker;
  const Commit plain = commit_rows("log", model.table(), {});
  const Commit by_part = commit_rows("log", model.table(), {"id", "part"});
  ForgetRequest request = request_for({});
  request.table = "log";
  request.columns = {"part"};
  request.rows = {{person_key(4).second}};
  const ForgetReport report = must(forget_rows(*repository_, request));
  EXPECT_THAT(report.versions, SizeIs(2));
  model.rows.erase(person_key(4));
  for (const Commit& commit : {plain, by_part}) {
    const Id id = must(repository_->read_commit(commit.id)).tables.at("log");
    EXPECT_NE(id, commit.tables.at("log"));
    const TableVersion version = must(read_table_version(repository_->objects(), id));
    auto rows = must(read_rows(repository_->objects(), version));
    EXPECT_EQ(texts_of(must(all_rows(*rows))), texts_of(model.table()));
    EXPECT_EQ(version.row_count, std::ssize(model.rows));
    auto source = reader_of(model.table(), 100);
    EXPECT_EQ(version.logical_hash,
              must(write_table_version(repository_->objects(), *source, version.key)).logical_hash);
  }
  expect_nothing_left();
}

TEST_F(ForgetTest, ACommitThatBringsTheRowBackIsRefusedAndLeavesNothing) {
  Random random(5);
  ModelTable model = random_model(random, 50);
  ModelTable with = model;
  with.rows[person_key(3)] = with.random_row(random);
  with.rows[person_key(3)]["note"] = kMarker;
  commit("main", with);
  const Commit tip = must(repository_->resolve("main"));
  // Made before the rows were forgotten, committed after.
  ModelTable later = with;
  edit_model(later, random, 3);
  later.rows[person_key(3)] = with.rows[person_key(3)];
  NewCommit late;
  late.tables["people"] = version_of(later, tip).id;
  late.author = "bob";
  ASSERT_TRUE(forget_rows(*repository_, request_for({person_key(3)})).ok());
  const auto refused = repository_->commit("main", late);
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(refused.error().code == ErrorCode::refused ||
              refused.error().code == ErrorCode::conflict)
      << refused.error().what;
  NewCommit back;
  back.author = "bob";
  back.tables["people"] = version_of(with, must(repository_->resolve("main"))).id;
  const auto again = repository_->commit("main", back);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::refused);
  EXPECT_THAT(again.error().what, HasSubstr("id = 3"));
  expect_nothing_left();
  commit("main", model);
  expect_all_states_without({person_key(3)});
}

/// A remote that held the rows, one that is new, and a clone that has them still.
TEST_F(ForgetTest, RemotesAndClonesForgetToo) {
  Random random(9);
  ModelTable model = random_model(random, 50);
  model.rows[person_key(3)] = model.random_row(random);
  model.rows[person_key(3)]["note"] = kMarker;
  commit("main", model);
  edit_model(model, random, 2);
  model.rows[person_key(3)]["note"] = kMarker;
  commit("main", model);
  Remote old = must(open_remote(folder_.path("old")));
  ASSERT_TRUE(push(*repository_, old, {}).ok());
  const auto bob = must(Repository::init(folder_.path("bob"), clock_));
  ASSERT_TRUE(pull(*bob, old, {}).ok());
  ASSERT_TRUE(forget_rows(*repository_, request_for({person_key(3)})).ok());
  Remote fresh = must(open_remote(folder_.path("fresh")));
  for (Remote* remote : {&old, &fresh}) {
    const auto pushed = push(*repository_, *remote, {});
    ASSERT_TRUE(pushed.ok()) << pushed.error().what;
  }
  EXPECT_THAT(files_with(folder_.path("old"), kMarker), IsEmpty());
  EXPECT_THAT(files_with(folder_.path("fresh"), kMarker), IsEmpty());
  const auto behind = push(*bob, old, {});
  ASSERT_FALSE(behind.ok());
  EXPECT_EQ(behind.error().code, ErrorCode::conflict);
  const auto eve = must(Repository::init(folder_.path("eve"), clock_));
  ASSERT_TRUE(pull(*eve, fresh, {}).ok());
  ASSERT_TRUE(pull(*bob, old, {}).ok());
  ASSERT_TRUE(push(*bob, old, {}).ok());
  for (const auto& clone : {bob, eve}) {
    repository_ = clone;
    expect_all_states_without({person_key(3)});
    expect_nothing_left();
  }
}

TEST_F(ForgetTest, NobodyElsesRowsAreTouchedByADryRunOrByAWrongKey) {
  Random random(6);
  ModelTable model = random_model(random, 50);
  model.rows[person_key(3)] = model.random_row(random);
  const Commit made = commit("main", model);
  ForgetRequest request = request_for({person_key(3)});
  request.dry_run = true;
  const ForgetReport report = must(forget_rows(*repository_, request));
  EXPECT_THAT(report.versions, SizeIs(1));
  EXPECT_GT(report.removed_bytes, 0);
  EXPECT_EQ(must(repository_->read_commit(made.id)).tables, made.tables);
  const auto unknown = forget_rows(*repository_, request_for({person_key(99)}));
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
  request = request_for({person_key(3)});
  request.table = "peopl";
  EXPECT_THAT(forget_rows(*repository_, request).error().hint, HasSubstr("people"));
}

/// The backup is older than the forget; the remote learns of it afterwards, wherever that breaks
/// off.
TEST_F(ForgetTest, WhatIsRestoredFromAnOlderBackupLacksTheRows) {
  ModelTable model;
  model.columns = {{"note", arrow::utf8()}};
  for (int64_t id = 0; id < 50; ++id) model.rows[{id, "a"}]["note"] = "plain";
  model.rows[person_key(7)]["note"] = kMarker;
  commit("main", model);
  model.rows[{3, "a"}]["note"] = "other";
  commit("main", model);
  const std::shared_ptr<FileStore> files = *open_local_file_store(folder_.path("there"));
  Remote remote(files);
  ASSERT_TRUE(make_backup(*repository_, remote, {.name = "one", .author = "ada"}).ok());
  model.rows[{4, "a"}]["note"] = "later";
  commit("main", model);
  ASSERT_TRUE(forget_rows(*repository_, request_for({person_key(7)})).ok());

  bool broke = true;
  int steps = 0;
  for (; broke && steps < 200; ++steps) {
    Remote cut_off = broken_off_after(steps, files);
    broke = !send_forgets(*repository_, cut_off, "one", "ada").ok();
    const std::string place = folder_.path("back" + std::to_string(steps));
    const RestoreReport report = must(restore_backup(remote, place, clock_, {.author = "bob"}));
    EXPECT_TRUE(report.whole()) << "after step " << steps;
    // Not told yet is as before; told is complete.
    if (report.forgets.empty()) {
      EXPECT_TRUE(broke);
      continue;
    }
    EXPECT_THAT(files_with(place, kMarker), IsEmpty());
    const auto back = *Repository::open(place, clock_);
    EXPECT_THAT(must(check_soundness(*back, {.repair_from = nullptr, .progress = {}})).broken,
                IsEmpty());
    const Commit tip = must(back->resolve("main"));
    const TableVersion version = must(read_table_version(back->objects(), tip.tables.at("people")));
    EXPECT_EQ(version.row_count, 50);
    EXPECT_EQ(report.forgets[0].row_count, 1);
    EXPECT_EQ(must(back->forgotten())->entries().size(), 1U);
  }
  EXPECT_GT(steps, 3);
  EXPECT_FALSE(broke);
  // The next backup of the restored project knows it itself.
  const auto back = *Repository::open(folder_.path("back" + std::to_string(steps - 1)), clock_);
  ASSERT_TRUE(make_backup(*back, remote, {.name = "one", .author = "bob"}).ok());
  EXPECT_THAT(must(restore_backup(remote, folder_.path("again"), clock_, {})).forgets, IsEmpty());
  // Records of another series are nothing to this one.
  ASSERT_TRUE(make_backup(*Repository::open(folder_.path("again"), clock_).value(), remote,
                          {.name = "two", .author = "eve"})
                  .ok());
  EXPECT_EQ(must(forgets_of_backups(*files, "one")), must(forgets_of_backups(*files, "two")));
  EXPECT_THAT(must(forgets_of_backups(*files, "three")), IsEmpty());
}

TEST_F(ForgetTest, CopiesElsewhereAreKnownByTheirNewest) {
  EXPECT_THAT(must(read_known_copies(*repository_)).backups, IsEmpty());
  const std::string delta = folder_.path("delta");
  fs::create_directories(delta);
  Backup backup;
  backup.name = "one";
  for (backup.number = 1; backup.number <= 3; ++backup.number) {
    ASSERT_TRUE(note_backup(*repository_, "s3://bucket/one", backup).ok());
    ASSERT_TRUE(note_export(*repository_, "people", delta).ok());
  }
  KnownCopies copies = must(read_known_copies(*repository_));
  ASSERT_THAT(copies.backups, SizeIs(1));
  EXPECT_EQ(copies.backups[0].number, 3);
  ASSERT_THAT(copies.exports, SizeIs(1));
  EXPECT_EQ(copies.exports[0].folder, delta);
  fs::remove_all(delta);
  copies = must(read_known_copies(*repository_));
  EXPECT_THAT(copies.exports, IsEmpty());
  EXPECT_THAT(copies.backups, SizeIs(1));
  std::ofstream(repository_->folder("") + "copies.json") << "{\"format\": \"something\"}";
  EXPECT_EQ(read_known_copies(*repository_).error().code, ErrorCode::damaged);
}

}  // namespace
}  // namespace millgate
