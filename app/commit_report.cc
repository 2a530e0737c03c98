#include "app/commit_report.h"

#include <iostream>

#include "app/text_table.h"

namespace millgate {

namespace {

/// "+3 ~1 -2", or that nothing changed.
std::string file_changes(const CommittedFolder& folder) {
  const StoredFolder& stored = folder.stored;
  if (!stored.changed) return folder.about_changed ? "about" : "unchanged";
  return "+" + grouped(stored.added) + " ~" + grouped(stored.modified) + " -" +
         grouped(stored.removed);
}

void print_folders(const CommitReport& report) {
  TextTable table({"folder", "files", "size", "change", "stored"});
  for (const CommittedFolder& one : report.folders) {
    table.add({one.name, grouped(one.stored.file_count), byte_size(one.stored.size_bytes),
               file_changes(one), one.stored.changed ? byte_size(one.stored.new_bytes) : ""});
  }
  table.print(std::cout);
}

void print_tables(const CommitReport& report) {
  TextTable table({"table", "rows", "change", "stored"});
  for (const CommitReport::Table& one : report.tables) {
    const int64_t change = one.row_count - one.row_count_before;
    table.add({one.name, grouped(one.row_count),
               one.changed         ? (change >= 0 ? "+" : "") + grouped(change)
               : one.about_changed ? "about"
                                   : "unchanged",
               one.changed ? byte_size(one.new_bytes) : ""});
  }
  table.print(std::cout);
}

void print_report(const CommitReport& report) {
  if (!report.tables.empty()) print_tables(report);
  if (!report.folders.empty()) print_folders(report);
  if (report.changed) {
    std::cout << "commit " << report.commit.id.brief() << ": " << report.commit.message << '\n';
  } else {
    std::cout << "nothing changed since commit " << report.commit.id.brief() << '\n';
  }
}

Json to_json(const CommitReport& report) {
  Json tables = Json::array();
  for (const CommitReport::Table& one : report.tables) {
    tables.push_back({{"table", one.name},
                      {"row_count", one.row_count},
                      {"row_count_before", one.row_count_before},
                      {"new_bytes", one.new_bytes},
                      {"changed", one.changed},
                      {"about_changed", one.about_changed}});
  }
  Json folders = Json::array();
  for (const CommittedFolder& one : report.folders) {
    folders.push_back({{"folder", one.name},
                       {"tree", one.stored.tree.hex()},
                       {"file_count", one.stored.file_count},
                       {"size_bytes", one.stored.size_bytes},
                       {"added", one.stored.added},
                       {"modified", one.stored.modified},
                       {"removed", one.stored.removed},
                       {"new_bytes", one.stored.new_bytes},
                       {"changed", one.stored.changed},
                       {"about_changed", one.about_changed}});
  }
  return {{"commit", report.commit.id.hex()},
          {"message", report.commit.message},
          {"changed", report.changed},
          {"tables", tables},
          {"folders", folders}};
}

}  // namespace

void show_commit(const Session& session, const CommitReport& report) {
  if (session.json) {
    print_json(to_json(report));
  } else {
    print_report(report);
  }
}

}  // namespace millgate
