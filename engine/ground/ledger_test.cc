#include "ground/ledger.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "ground/random.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

std::shared_ptr<Ledger> open(const std::string& path, const Clock& clock = system_clock()) {
  auto ledger = open_ledger(path, clock);
  EXPECT_TRUE(ledger.ok()) << (ledger.ok() ? "" : ledger.error().what);
  return ledger.ok() ? *ledger : nullptr;
}

NewEvent commit(const std::string& subject, const std::string& body = "{}") {
  return {.kind = "commit", .subject = subject, .author = "ada", .body = body};
}

/// Runs `sql` on the file as a stranger with the sqlite3 library would. The error, or "".
std::string run_raw(const std::string& path, const std::string& sql) {
  sqlite3* connection = nullptr;
  sqlite3_open(path.c_str(), &connection);
  sqlite3_busy_timeout(connection, 10'000);
  char* message = nullptr;
  sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, &message);
  std::string error = message == nullptr ? "" : message;
  sqlite3_free(message);
  sqlite3_close(connection);
  return error;
}

const char* const kDropTriggers =
    "DROP TRIGGER events_follow; DROP TRIGGER events_stay; DROP TRIGGER events_remain;";

class LedgerTest : public testing::Test {
 protected:
  /// A ledger of `count` commits to "main", a second apart, from 1000 s on.
  std::shared_ptr<Ledger> filled(int count) {
    auto ledger = open(path_, clock_);
    for (int i = 0; i < count; ++i) {
      clock_.set(Time{(1000 + i) * int64_t{1'000'000}});
      EXPECT_TRUE(ledger->append(commit("main", "{\"i\":" + std::to_string(i) + "}")).ok());
    }
    return ledger;
  }

  TestFolder folder_;
  std::string path_ = folder_.path("ledger.sqlite");
  ManualClock clock_{Time{1'000'000'000}};
};

TEST_F(LedgerTest, StartsEmpty) {
  const auto ledger = open(path_);
  EXPECT_EQ(*ledger->head(), 0);
  EXPECT_TRUE(ledger->events()->empty());
  EXPECT_FALSE(ledger->newest("commit")->has_value());
  EXPECT_TRUE(ledger->verify().ok());
}

TEST_F(LedgerTest, ChainsEvents) {
  const auto ledger = open(path_, clock_);
  const auto first = ledger->append(
      {.kind = "commit", .subject = "main", .author = "ada", .body = R"({"to":"x"})"});
  const auto second =
      ledger->append({.kind = "release", .subject = "m1", .author = "bob", .body = "{}"});
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->number, 1);
  EXPECT_EQ(first->previous, Id{});
  EXPECT_EQ(first->time, Time{1'000'000'000});
  EXPECT_EQ(second->number, 2);
  EXPECT_EQ(second->previous, first->id);
  const auto events = ledger->events();
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ((*events)[0].body, R"({"to":"x"})");
  EXPECT_EQ((*events)[0].author, "ada");
  EXPECT_EQ((*events)[1].id, second->id);
  EXPECT_EQ(*ledger->head(), 2);
  EXPECT_TRUE(ledger->verify().ok());
}

// Pinned, so that the format cannot change unnoticed; computed from docs/formats/ledger.md by
//   python3 -c 'import hashlib
//   f=[b"millgate event 1",b"1",b"1000000000",b"commit",b"main",b"ada",b"{}",bytes(32)]
//   print(hashlib.sha256(b"".join(len(x).to_bytes(8,"little")+x for x in f)).hexdigest())'
TEST_F(LedgerTest, HashesAsItsFormatSays) {
  const auto event = open(path_, clock_)->append(commit("main"));
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->id.hex(), "1aaf3bbe6f37a6446981c15fdb419cc705510458c95fdd494f8067a7ea694175");
}

TEST_F(LedgerTest, FindsEventsByKindSubjectAndNumber) {
  const auto ledger = open(path_);
  for (const auto& [kind, subject] :
       {std::pair("commit", "main"), {"commit", "dev"}, {"tag", "main"}, {"commit", "main"}}) {
    ASSERT_TRUE(
        ledger->append({.kind = kind, .subject = subject, .author = "", .body = "{}"}).ok());
  }
  const auto numbers = [&](int64_t after, const char* kind, const char* subject) {
    std::vector<int64_t> found;
    for (const Event& event : *ledger->events(after, kind, subject)) found.push_back(event.number);
    return found;
  };
  using Numbers = std::vector<int64_t>;
  EXPECT_EQ(numbers(0, "", ""), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(numbers(2, "", ""), (Numbers{3, 4}));
  EXPECT_EQ(numbers(0, "commit", ""), (Numbers{1, 2, 4}));
  EXPECT_EQ(numbers(1, "commit", "main"), (Numbers{4}));
  EXPECT_EQ(numbers(0, "", "main"), (Numbers{1, 3, 4}));
  EXPECT_EQ(numbers(4, "", ""), Numbers{});
  EXPECT_EQ((*ledger->newest("commit"))->number, 4);
  EXPECT_EQ((*ledger->newest("commit", "dev"))->number, 2);
  EXPECT_EQ((*ledger->newest("", "main"))->number, 4);
  EXPECT_FALSE(ledger->newest("commit", "none")->has_value());
}

TEST_F(LedgerTest, TellsWhatWasNewestAtATime) {
  const auto ledger = filled(5);  // At 1000 s, 1001 s ... 1004 s.
  const auto number_at = [&](int64_t micros) {
    const auto found = ledger->newest("commit", "main", Time{micros});
    return found->has_value() ? (*found)->number : 0;
  };
  EXPECT_EQ(number_at(999'999'999), 0);
  EXPECT_EQ(number_at(1'000'000'000), 1);
  EXPECT_EQ(number_at(1'002'999'999), 3);
  EXPECT_EQ(number_at(9'000'000'000), 5);
}

TEST_F(LedgerTest, TimeNeverGoesBack) {
  const auto ledger = filled(3);
  clock_.set(Time{5});
  EXPECT_EQ(ledger->append(commit("main"))->time, Time{1'002'000'000});
  clock_.set(Time{2'000'000'000});
  EXPECT_EQ(ledger->append(commit("main"))->time, Time{2'000'000'000});
  EXPECT_TRUE(ledger->verify().ok());
}

TEST_F(LedgerTest, KeepsEveryByte) {
  const auto ledger = open(path_);
  const std::string subject("a\0b'; DROP TABLE events;--\xff", 27);
  ASSERT_TRUE(ledger->append(commit(subject, "{\"x\":\"\xc3\xa9\"}")).ok());
  EXPECT_EQ((*ledger->events(0, "commit", subject))[0].subject, subject);
  EXPECT_TRUE(ledger->verify().ok());
}

TEST_F(LedgerTest, RefusesWhatIsNoEvent) {
  const auto ledger = open(path_);
  EXPECT_EQ(ledger->append({.kind = "", .subject = "", .author = "", .body = "{}"}).error().what,
            "an event of the ledger needs a kind");
  for (const char* body : {"", "[]", "3", "{", "null"}) {
    const auto event = ledger->append(commit("main", body));
    ASSERT_FALSE(event.ok()) << body;
    EXPECT_EQ(event.error().code, ErrorCode::invalid_input);
    EXPECT_EQ(event.error().what, "the body of the event `commit` is not a JSON object");
  }
  EXPECT_EQ(*ledger->head(), 0);
}

TEST_F(LedgerTest, AConditionSeesTheLedgerAndMayRefuse) {
  const auto ledger = filled(2);
  const auto still_two = [](const Ledger& inside) -> Status {
    MILLGATE_ASSIGN(const auto newest, inside.newest("commit", "main"));
    MILLGATE_ASSIGN(const auto head, inside.head());
    if (head != 2 || !newest || newest->number != 2) {
      return Error{.code = ErrorCode::conflict, .what = "main has moved"};
    }
    return {};
  };
  ASSERT_TRUE(ledger->append(commit("main"), still_two).ok());
  const auto refused = ledger->append(commit("main"), still_two);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(refused.error().what, "main has moved");
  EXPECT_EQ(*ledger->head(), 3);
  EXPECT_TRUE(ledger->append(commit("main")).ok());  // The lock is free again.
}

TEST_F(LedgerTest, AppendingInsideAConditionIsABugNotADeadlock) {
  const auto ledger = open(path_);
  const auto outer = ledger->append(commit("main"), [&](const Ledger&) -> Status {
    const auto inner = ledger->append(commit("dev"));
    return inner.ok() ? Status() : Status(inner.error());
  });
  ASSERT_FALSE(outer.ok());
  EXPECT_EQ(outer.error().code, ErrorCode::bug);
  EXPECT_EQ(*ledger->head(), 0);
}

// Every thread moves a counter from the value it saw to the next one; with the condition, no
// two move it from the same value.
TEST_F(LedgerTest, ConditionsOfManyThreadsAreSerial) {
  const auto ledger = open(path_);
  std::atomic<int> moved{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int attempt = 0; attempt < 25; ++attempt) {
        const int64_t seen = *ledger->head();
        const auto event = ledger->append(
            commit("main", "{\"from\":" + std::to_string(seen) + "}"), [&](const Ledger& inside) {
              return *inside.head() == seen ? Status() : Status(invalid_input("moved"));
            });
        moved += event.ok() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(moved, 25);
  EXPECT_EQ(*ledger->head(), moved);
  for (const Event& event : *ledger->events()) {
    EXPECT_EQ(event.body, "{\"from\":" + std::to_string(event.number - 1) + "}");
  }
}

TEST_F(LedgerTest, ReadersDoNotWaitForAWriter) {
  const auto ledger = filled(1);
  const auto other = open(path_);
  ASSERT_TRUE(ledger
                  ->append(commit("main"),
                           [&](const Ledger&) -> Status {
                             EXPECT_EQ(*other->head(), 1);
                             int64_t seen = 0;
                             std::thread([&] { seen = *ledger->head(); }).join();
                             EXPECT_EQ(seen, 1);
                             return {};
                           })
                  .ok());
  EXPECT_EQ(*other->head(), 2);
}

TEST_F(LedgerTest, SurvivesReopening) {
  const Id last = filled(3)->events()->back().id;
  const auto again = open(path_);
  EXPECT_EQ(again->events()->back().id, last);
  EXPECT_EQ(again->append(commit("main"))->previous, last);
  EXPECT_TRUE(again->verify().ok());
}

TEST_F(LedgerTest, ManyProcessesAppendWithoutGaps) {
  constexpr int kProcesses = 8;
  constexpr int kAppends = 50;
  std::vector<pid_t> children;
  children.reserve(kProcesses);
  for (int process = 0; process < kProcesses; ++process) {
    children.push_back(start_process([&] {  // All of them race to make the file, too.
      const auto ledger = open_ledger(path_, system_clock());
      if (!ledger.ok()) return 1;
      for (int i = 0; i < kAppends; ++i) {
        if (!(*ledger)->append(commit("p" + std::to_string(process))).ok()) return 2;
      }
      return 0;
    }));
  }
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  const auto ledger = open(path_);
  EXPECT_EQ(*ledger->head(), kProcesses * kAppends);
  EXPECT_TRUE(ledger->verify().ok());
  for (int process = 0; process < kProcesses; ++process) {
    EXPECT_EQ(ledger->events(0, "", "p" + std::to_string(process))->size(), size_t{kAppends});
  }
}

TEST_F(LedgerTest, SurvivesKilledWriters) {
  Random random(9);
  std::vector<int64_t> acknowledged;
  for (int round = 0; round < 25; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = start_process([&] {
      const auto ledger = open_ledger(path_, system_clock());
      while (ledger.ok()) {
        const auto event =
            (*ledger)->append(commit("main", "{\"pad\":\"" + std::string(3000, 'x') + "\"}"));
        if (!event.ok() || ::write(ends[1], &event->number, sizeof(event->number)) < 0) break;
      }
      return 1;
    });
    ::close(ends[1]);
    int64_t number = 0;
    // Every other child is surely in the middle of appending; the rest may still be opening.
    if (round % 2 == 0 && ::read(ends[0], &number, sizeof(number)) == sizeof(number)) {
      acknowledged.push_back(number);
    }
    ::usleep(static_cast<useconds_t>(random.below(20'000)));
    ::kill(child, SIGKILL);
    EXPECT_EQ(wait_for(child), 1000 + SIGKILL);
    while (::read(ends[0], &number, sizeof(number)) == sizeof(number)) {
      acknowledged.push_back(number);
    }
    ::close(ends[0]);
    const auto ledger = open(path_);
    ASSERT_TRUE(ledger->verify().ok());
    const int64_t head = *ledger->head();
    if (!acknowledged.empty()) {
      EXPECT_GE(head, acknowledged.back());
      // At most the one event whose acknowledgement the kill cut off.
      EXPECT_LE(head, acknowledged.back() + round + 1);
    }
  }
  EXPECT_GE(acknowledged.size(), 13U);
  const auto events = open(path_)->events();
  for (const int64_t number : acknowledged) {
    ASSERT_EQ((*events)[static_cast<size_t>(number - 1)].number, number);
  }
}

TEST_F(LedgerTest, TheFileItselfRefusesChanges) {
  filled(3);
  const std::string grows = "the ledger only grows: an event cannot be ";
  EXPECT_EQ(run_raw(path_, "UPDATE events SET author = 'eve' WHERE number = 2"), grows + "changed");
  EXPECT_EQ(run_raw(path_, "DELETE FROM events WHERE number = 3"), grows + "removed");
  const std::string row = ", 0, 'k', '', '', '{}', zeroblob(32), randomblob(32))";
  EXPECT_EQ(run_raw(path_, "INSERT INTO events VALUES (4" + row),
            "a new event must follow the newest one");
  EXPECT_EQ(run_raw(path_, "INSERT OR REPLACE INTO events VALUES (2" + row),
            "a new event must follow the newest one");
  EXPECT_TRUE(open(path_)->verify().ok());
}

TEST_F(LedgerTest, AChangedByteIsFound) {
  for (const char* change :
       {"time_micros = time_micros + 1", "kind = 'x'", "subject = 'x'", "author = 'eve'",
        "body = '{\"i\":7}'", "previous = zeroblob(32)", "id = randomblob(32)"}) {
    std::filesystem::remove(path_);
    filled(4);
    ASSERT_EQ(run_raw(path_, std::string(kDropTriggers) + "UPDATE events SET " + change +
                                 " WHERE number = 3"),
              "");
    const auto ledger = open(path_);
    const Status status = ledger->verify();
    ASSERT_FALSE(status.ok()) << change;
    EXPECT_EQ(status.error().code, ErrorCode::damaged);
    EXPECT_EQ(status.error().what,
              "ledger `" + path_ + "`: event 3 was changed after it was written");
    EXPECT_EQ(ledger->events().error().code, ErrorCode::damaged);
    EXPECT_EQ(ledger->events(3)->size(), 1U);  // What is not touched can still be read.
  }
}

TEST_F(LedgerTest, AMissingEventIsFound) {
  filled(4);
  ASSERT_EQ(run_raw(path_, std::string(kDropTriggers) + "DELETE FROM events WHERE number = 2"), "");
  EXPECT_EQ(open(path_)->verify().error().what, "ledger `" + path_ + "`: event 2 is missing");
}

// A forger who recomputes the hash of one event is given away by the next one.
TEST_F(LedgerTest, AForgedEventIsFound) {
  filled(2);
  ManualClock forged_clock(Time{1'000'000'000});
  const std::string other_path = folder_.path("other.sqlite");
  ASSERT_TRUE(open(other_path, forged_clock)->append(commit("main", "{\"forged\":1}")).ok());
  ASSERT_EQ(run_raw(path_, std::string(kDropTriggers) + "ATTACH '" + other_path +
                               "' AS o; UPDATE events SET (body, id) = "
                               "(SELECT body, id FROM o.events) WHERE number = 1"),
            "");
  EXPECT_EQ(open(path_)->verify().error().what,
            "ledger `" + path_ + "`: event 2 does not hold the hash of the event in front of it");
}

TEST_F(LedgerTest, NothingIsAppendedToADamagedEvent) {
  filled(2);
  ASSERT_EQ(run_raw(path_, std::string(kDropTriggers) +
                               "UPDATE events SET author = 'eve' WHERE number = 2"),
            "");
  const auto event = open(path_)->append(commit("main"));
  ASSERT_FALSE(event.ok());
  EXPECT_EQ(event.error().code, ErrorCode::damaged);
}

TEST_F(LedgerTest, RefusesFilesOfOthersAndLeavesThemAlone) {
  std::ofstream(path_) << "this is a text of some length, but not a database at all ........";
  EXPECT_EQ(open_ledger(path_, clock_).error().code, ErrorCode::damaged);
  const std::string foreign = folder_.path("foreign.sqlite");
  ASSERT_EQ(run_raw(foreign, "CREATE TABLE notes (x)"), "");
  const auto ledger = open_ledger(foreign, clock_);
  ASSERT_FALSE(ledger.ok());
  EXPECT_EQ(ledger.error().what, "ledger `" + foreign + "` is a SQLite file of another program");
  EXPECT_EQ(run_raw(foreign, "INSERT INTO notes VALUES (1)"), "");
  EXPECT_FALSE(std::filesystem::exists(foreign + "-wal"));
}

TEST_F(LedgerTest, RefusesANewerFormat) {
  filled(1);
  ASSERT_EQ(run_raw(path_, "PRAGMA user_version = 2"), "");
  const auto ledger = open_ledger(path_, clock_);
  ASSERT_FALSE(ledger.ok());
  EXPECT_EQ(ledger.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(ledger.error().what,
            "ledger `" + path_ + "` has format version 2; this program reads version 1");
  EXPECT_EQ(ledger.error().hint, "use a newer millgate");
}

TEST_F(LedgerTest, ATruncatedFileIsDamaged) {
  filled(200);
  std::filesystem::resize_file(path_, 8192);
  const auto ledger = open_ledger(path_, clock_);
  const Status status = ledger.ok() ? (*ledger)->verify() : Status(ledger.error());
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::damaged);
}

TEST_F(LedgerTest, AReadOnlyFolderIsAClearError) {
  ::chmod(folder_.path().c_str(), 0555);
  const pid_t child = start_process([&] {
    if (::getuid() == 0 && ::setuid(kNobody) != 0) return 99;
    const auto ledger = open_ledger(path_, clock_);
    if (ledger.ok()) return 1;
    if (ledger.error().code != ErrorCode::outside) return 2;
    if (ledger.error().what != "ledger `" + path_ + "`: unable to open database file") return 3;
    return ledger.error().hint.find("writable") != std::string::npos ? 0 : 4;
  });
  EXPECT_EQ(wait_for(child), 0);
  ::chmod(folder_.path().c_str(), 0755);
}

/// Appends until it fails; 0 when the failure is clear and everything acknowledged is there.
int append_until_full(const std::string& path, const std::string& expected_what) {
  const auto ledger = open_ledger(path, system_clock());
  if (!ledger.ok()) return 1;
  int64_t acknowledged = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto event =
        (*ledger)->append(commit("main", "{\"pad\":\"" + std::string(20'000, 'x') + "\"}"));
    if (event.ok()) {
      acknowledged = event->number;
      continue;
    }
    if (event.error().code != ErrorCode::outside) return 2;
    if (event.error().what != expected_what) return 3;
    if (acknowledged == 0 || *(*ledger)->head() != acknowledged) return 4;
    return (*ledger)->verify().ok() ? 0 : 5;
  }
  return 6;
}

TEST_F(LedgerTest, AFullDiskLosesNothing) {
  const pid_t child = start_process([&] {
    if (::unshare(CLONE_NEWNS) != 0) return 77;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
    if (::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=1m") != 0) return 77;
    return append_until_full(path_, "ledger `" + path_ + "`: database or disk is full");
  });
  const int code = wait_for(child);
  if (code == 77) GTEST_SKIP() << "no right to mount; the case with a size limit still runs";
  EXPECT_EQ(code, 0);
}

TEST_F(LedgerTest, ALimitOnFileSizesLosesNothing) {
  const pid_t child = start_process([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1 << 20, 1 << 20};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 99;
    return append_until_full(path_, "ledger `" + path_ + "`: disk I/O error");
  });
  EXPECT_EQ(wait_for(child), 0);
  // Without the limit it goes on where it stopped.
  const auto ledger = open(path_);
  EXPECT_TRUE(ledger->verify().ok());
  EXPECT_TRUE(ledger->append(commit("main")).ok());
}

}  // namespace
}  // namespace millgate
