#include "data/delta/delta_log.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "data/delta/delta_checkpoint.h"
#include "data/delta/delta_schema.h"
#include "ground/json.h"
#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

/// Lines as the protocol's document shows them, by another writer.
constexpr const char* kFirst =
    R"({"commitInfo":{"timestamp":1515491537026,"operation":"WRITE"}})"
    "\n"
    R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})"
    "\n"
    R"({"metaData":{"id":"af23c9d7-fff1-4a5a-a2c8-55c59bd782aa",)"
    R"("format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",)"
    R"(\"fields\":[{\"name\":\"id\",\"type\":\"integer\",\"nullable\":true,\"metadata\":{}},)"
    R"({\"name\":\"d\",\"type\":\"decimal(5, 2)\",\"nullable\":true,\"metadata\":{}},)"
    R"({\"name\":\"day\",\"type\":\"date\",\"nullable\":true,\"metadata\":{}}]}",)"
    R"("partitionColumns":["day"],"configuration":{"appendOnly":"true"},"createdTime":1}})"
    "\n"
    R"({"add":{"path":"day=2017-12-10/part-0%20a.parquet","partitionValues":{"day":"2017-12-10"},)"
    R"("size":841454,"modificationTime":1512909768000,"dataChange":true,)"
    R"("stats":"{\"numRecords\":1}"}})"
    "\n"
    R"({"add":{"path":"b.parquet","partitionValues":{"day":null},"size":5,)"
    R"("modificationTime":1,"dataChange":true}})"
    "\n"
    R"({"cdc":{"path":"_change_data/cdc.c000.snappy.parquet","partitionValues":{},)"
    R"("size":1,"dataChange":false}})"
    "\n";
constexpr const char* kSecond =
    R"({"remove":{"path":"b.parquet","deletionTimestamp":1515488792485,"dataChange":true}}
{"txn":{"appId":"3ba13872-2d47-4e17-86a0-21afd2a22395","version":364475}}
)";

class DeltaLog : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = open_local_file_store(folder_.path());
    ASSERT_TRUE(opened.ok());
    files_ = *std::move(opened);
  }
  void put(int64_t version, const std::string& text) {
    ASSERT_TRUE(files_->write(delta_log_name(version), text).ok());
  }
  [[nodiscard]] std::string fault() const {
    const auto read = read_delta_log(*files_);
    return read.ok() ? std::string() : read.error().what;
  }

  TestFolder folder_;
  std::shared_ptr<FileStore> files_;
};

TEST_F(DeltaLog, FollowsAddsAndRemoves) {
  put(0, kFirst);
  put(1, kSecond);
  const auto first = read_delta_log(*files_, 0);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->files.size(), 2U);
  EXPECT_FALSE(first->files.at("b.parquet").partition_values.at("day").has_value());
  const auto snapshot = read_delta_log(*files_);
  ASSERT_TRUE(snapshot.ok());
  EXPECT_EQ(snapshot->version, 1);
  ASSERT_EQ(snapshot->files.size(), 1U);
  EXPECT_EQ(snapshot->files.begin()->second.partition_values.at("day"), "2017-12-10");
  EXPECT_EQ(snapshot->removals.size(), 1U);
  EXPECT_EQ(snapshot->transactions.begin()->second, 364475);
  const auto schema = parse_delta_schema(snapshot->metadata.schema_text, "the table");
  ASSERT_TRUE(schema.ok());
  EXPECT_TRUE((*schema)->field(0)->type()->Equals(arrow::int64()));
  EXPECT_TRUE((*schema)->field(1)->type()->Equals(arrow::decimal128(5, 2)));
  EXPECT_FALSE(read_delta_log(*files_, 2).ok());
}

TEST_F(DeltaLog, SaysWhatItDoesNotKnow) {
  put(0, kFirst);
  put(1, R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,)"
         R"("readerFeatures":["variantType"],"writerFeatures":["variantType"]}})");
  EXPECT_NE(fault().find("`variantType`"), std::string::npos) << fault();
  put(1, R"({"protocol":{"minReaderVersion":4,"minWriterVersion":7}})");
  EXPECT_NE(fault().find("reader version 4"), std::string::npos) << fault();
  std::string mapped = kFirst;
  mapped.replace(mapped.find("\"appendOnly\":\"true\""), 19, "\"delta.columnMapping.mode\":\"id\"");
  put(0, mapped);
  put(1, kSecond);
  EXPECT_NE(fault().find("`columnMapping` in mode `id`"), std::string::npos) << fault();
}

TEST_F(DeltaLog, SaysWhatIsMissing) {
  EXPECT_NE(fault().find("no Delta table"), std::string::npos) << fault();
  put(0, kFirst);
  put(2, kSecond);
  EXPECT_NE(fault().find("00000000000000000001.json"), std::string::npos) << fault();
  put(1, "{\"add\":{\"path\":\"c.parquet\"}}");
  EXPECT_NE(fault().find("`size` is missing"), std::string::npos) << fault();
  put(1, "{\"add\":");
  EXPECT_FALSE(fault().empty());
  put(1, "");
  EXPECT_TRUE(fault().empty());
  put(0, kSecond);
  EXPECT_NE(fault().find("`protocol`"), std::string::npos) << fault();
}

TEST_F(DeltaLog, OneOfTwoWritersWinsAVersion) {
  DeltaSnapshot one;
  DeltaSnapshot other;
  const auto first = parse_delta_log_file(kFirst, "first");
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(append_delta_version(*files_, one, *first, folder_.path()).ok());
  const Status lost = append_delta_version(*files_, other, *first, folder_.path());
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code, ErrorCode::conflict);
  EXPECT_EQ(other.version, -1);
}

TEST_F(DeltaLog, CheckpointsHoldAllThatTheLogSays) {
  DeltaSnapshot snapshot;
  const auto first = parse_delta_log_file(kFirst, "first");
  const auto second = parse_delta_log_file(kSecond, "second");
  ASSERT_TRUE(append_delta_version(*files_, snapshot, *first, folder_.path()).ok());
  for (int i = 1; i <= 23; ++i) {
    DeltaActions actions = *second;
    actions.files.push_back(snapshot.files.begin()->second);
    actions.files.back().path = "file-" + std::to_string(i);
    actions.files.back().tags["a"] = "b";
    ASSERT_TRUE(append_delta_version(*files_, snapshot, actions, folder_.path()).ok());
  }
  EXPECT_EQ(snapshot.checkpoint_version, 20);
  for (int64_t version = 0; version < 20; ++version) {
    ASSERT_TRUE(files_->remove(delta_log_name(version)).ok());
  }
  const auto read = read_delta_log(*files_);
  ASSERT_TRUE(read.ok()) << read.error().what;
  EXPECT_EQ(read->version, 23);
  EXPECT_EQ(read->protocol, snapshot.protocol);
  EXPECT_EQ(read->metadata, snapshot.metadata);
  EXPECT_EQ(read->transactions, snapshot.transactions);
  ASSERT_EQ(read->files.size(), snapshot.files.size());
  for (const auto& [path, file] : snapshot.files) {
    const DeltaFile& same = read->files.at(path);
    EXPECT_EQ(same.partition_values, file.partition_values);
    EXPECT_EQ(same.size_bytes, file.size_bytes);
    EXPECT_EQ(same.statistics, file.statistics);
    EXPECT_EQ(same.tags, file.tags);
  }
  EXPECT_EQ(read->removals.size(), snapshot.removals.size());
}

TEST(DeltaSchema, RefusesWhatTheOtherSideLacks) {
  const auto time = arrow::schema({arrow::field("t", arrow::time64(arrow::TimeUnit::MICRO))});
  EXPECT_FALSE(delta_schema_text(*time).ok());
  const auto twins =
      arrow::schema({arrow::field("a", arrow::int64()), arrow::field("A", arrow::int64())});
  EXPECT_FALSE(delta_schema_text(*twins).ok());
  const auto nested = [](const std::string& type) {
    return parse_delta_schema(R"({"fields":[{"name":"a","type":)" + type + "}]}", "the table");
  };
  EXPECT_TRUE(nested(R"({"type":"array","elementType":"long"})").ok());
  for (const char* type :
       {R"({"type":"array"})", R"({"type":"array","elementType":"void"})",
        R"({"type":"map","keyType":"string"})", R"({"type":"struct"})", R"({"type":"variant"})",
        R"({"type":"struct","fields":[{"name":"b","type":"void"}]})", R"({})", "7"}) {
    EXPECT_FALSE(nested(type).ok()) << type;
  }
  for (const char* type : {"decimal(", "decimal(5)", "decimal(5,", "decimal(5,2", "decimal(99,2)",
                           "decimal(5,2))", "decimal(5, )", "", "void"}) {
    const std::string text =
        dump_json(Json{{"fields", Json::array({{{"name", "a"}, {"type", type}}})}});
    EXPECT_FALSE(parse_delta_schema(text, "the table").ok()) << type;
  }
}

/// Bytes and whole values of the log are changed at random: an error, or a snapshot, but no crash.
TEST_F(DeltaLog, AnyMutationIsReadOrRefused) {
  const uint64_t seed = 20261124;
  RecordProperty("seed", std::to_string(seed));
  Random random(seed);
  const std::string whole = std::string(kFirst) + kSecond;
  const std::vector<std::string> values = {
      "null", "-1",   "1e400", "{}",        "[]",
      "\"\"", "true", "[[]]",  "{\"a\":1}", "9223372036854775808"};
  int read_count = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = whole;
    for (uint64_t edits = 1 + random.below(3); edits > 0; --edits) {
      const size_t at = random.below(text.size());
      if (random.below(2) == 0) {
        text[at] = static_cast<char>(random.below(256));
        continue;
      }
      // The value behind a colon becomes another.
      const size_t colon = text.find(':', at);
      const size_t end = colon == std::string::npos ? colon : text.find_first_of(",}\n", colon);
      if (end == std::string::npos) continue;
      text.replace(colon + 1, end - colon - 1, values[random.below(values.size())]);
    }
    const auto actions = parse_delta_log_file(text, "mutated");
    if (!actions.ok()) {
      EXPECT_FALSE(actions.error().what.empty());
      continue;
    }
    ++read_count;
    DeltaSnapshot snapshot;
    snapshot.apply(*actions);
    (void)parse_delta_schema(snapshot.metadata.schema_text, "mutated");
    (void)delta_lines(*actions);
  }
  EXPECT_GT(read_count, 100);
  EXPECT_LT(read_count, 19'900);
}

TEST_F(DeltaLog, AMutatedCheckpointIsReadOrRefused) {
  const auto first = parse_delta_log_file(kFirst, "first");
  const std::string path = folder_.path("checkpoint.parquet");
  ASSERT_TRUE(write_delta_checkpoint(*first, path).ok());
  const auto bytes = read_file(path);
  ASSERT_TRUE(bytes.ok());
  Random random(7);
  for (int round = 0; round < 500; ++round) {
    std::string changed = *bytes;
    changed[random.below(changed.size())] = static_cast<char>(random.below(256));
    if (random.below(4) == 0) changed.resize(random.below(changed.size()));
    ASSERT_TRUE(write_file(path, changed).ok());
    (void)read_delta_checkpoint(path);
  }
}

}  // namespace
}  // namespace millgate
