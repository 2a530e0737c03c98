#include "app/commit_report.h"

#include <iostream>

#include "app/text_table.h"

namespace millgate {

namespace {

/// "+3 ~1 -2".
std::string three_counts(int64_t added, int64_t edited, int64_t removed) {
  return "+" + grouped(added) + " ~" + grouped(edited) + " -" + grouped(removed);
}

std::string file_changes(const CommittedFolder& folder) {
  const StoredFolder& stored = folder.stored;
  if (!stored.changed) return folder.about_changed ? "about" : "unchanged";
  return three_counts(stored.added, stored.modified, stored.removed);
}

/// The kinds of changes where they are known, else how many rows more or fewer.
std::string row_changes(const CommittedTable& table) {
  if (!table.changed) return table.about_changed ? "about" : "unchanged";
  if (const auto& rows = table.change_set) {
    return three_counts(rows->inserted_count, rows->updated_count, rows->removed_count);
  }
  if (table.row_count_before == 0) return "+" + grouped(table.row_count);
  const int64_t growth = table.row_count - table.row_count_before;
  return growth == 0 ? "edited" : (growth > 0 ? "+" : "") + grouped(growth);
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
    table.add({one.name, grouped(one.row_count), row_changes(one),
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
    if (const auto& rows = one.change_set) {
      tables.back().update({{"inserted_count", rows->inserted_count},
                            {"updated_count", rows->updated_count},
                            {"removed_count", rows->removed_count}});
    }
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
