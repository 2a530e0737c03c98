#include "app/arrival_text.h"

#include <arrow/api.h>

#include <iostream>

#include "app/personal_exit.h"
#include "app/session.h"
#include "app/text_table.h"
#include "data/store/change_set.h"
#include "data/table/arrow_result.h"
#include "data/table/writer.h"
#include "ground/comma_list.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

/// `sentence` with what stands between backticks, which is SQL, as the policy shows it.
std::string guarded_sentence(const GuardedCells& cells, const std::string& sentence) {
  std::string shown;
  size_t begin = 0;
  for (bool is_sql = false; begin <= sentence.size(); is_sql = !is_sql) {
    const size_t end = std::min(sentence.find('`', begin), sentence.size());
    const std::string part = sentence.substr(begin, end - begin);
    shown += is_sql ? cells.condition(part) : part;
    if (end < sentence.size()) shown += '`';
    begin = end + 1;
  }
  return shown;
}

int64_t held_rows(const ArrivedTable& table) {
  return table.whole_reason.empty() ? table.held_count() : table.changes.row_count();
}

std::string key_text(const ArrivedTable& table, int64_t row, const GuardedCells& cells) {
  std::string text;
  for (const std::string& column : table.key) {
    // Keys are filled on both sides.
    const auto array = table.changes.after->GetColumnByName(column);
    text +=
        (text.empty() ? "" : ", ") + column + " = " + cells.shown(column, value_text(*array, row));
  }
  return text;
}

const char* change_word(ChangeKind kind) {
  return kind == ChangeKind::inserted  ? "inserted"
         : kind == ChangeKind::updated ? "updated"
                                       : "removed";
}

Json rows_json(const ArrivedTable& table, const GuardedCells& cells) {
  Json rows = Json::array();
  for (size_t row = 0; row < table.reasons.size(); ++row) {
    if (table.reasons[row].empty()) continue;
    rows.push_back({{"row", key_text(table, static_cast<int64_t>(row), cells)},
                    {"change", change_word(table.changes.kinds[row])},
                    {"reason", table.reasons[row]}});
  }
  return rows;
}

Json table_json(const ArrivedTable& table) {
  Json reasons = Json::array();
  for (const auto& [reason, count] : table.reason_counts()) {
    reasons.push_back({{"reason", reason}, {"row_count", count}});
  }
  return {{"table", table.table},           {"arrived_count", table.changes.row_count()},
          {"held_count", held_rows(table)}, {"held_whole_because", table.whole_reason},
          {"reasons", std::move(reasons)},  {"notes", table.notes}};
}

Result<std::shared_ptr<arrow::Table>> held_table(const ArrivedTable& table) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  const auto finish = [&](const std::string& name, arrow::ArrayBuilder& builder) -> Status {
    MILLGATE_ARROW(auto array, builder.Finish(), "held rows");
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(std::move(array));
    return {};
  };
  for (const std::string& column : table.key) {
    const auto from = table.changes.after->GetColumnByName(column);
    MILLGATE_ARROW(const auto builder, arrow::MakeBuilder(from->type()), "held rows");
    for (size_t row = 0; row < table.reasons.size(); ++row) {
      if (table.reasons[row].empty()) continue;
      MILLGATE_ARROW_TRY(builder->AppendArraySlice(*from->data(), static_cast<int64_t>(row), 1),
                         "held rows");
    }
    MILLGATE_TRY(finish(column, *builder));
  }
  arrow::StringBuilder changes;
  arrow::StringBuilder reasons;
  for (size_t row = 0; row < table.reasons.size(); ++row) {
    if (table.reasons[row].empty()) continue;
    const bool arrived = table.changes.kinds[row] == ChangeKind::inserted;
    MILLGATE_ARROW_TRY(changes.Append(arrived ? "delete" : "upsert"), "held rows");
    MILLGATE_ARROW_TRY(reasons.Append(table.reasons[row]), "held rows");
  }
  MILLGATE_TRY(finish(kChangeColumn, changes));
  MILLGATE_TRY(finish(std::string(kNotePrefix) + "reason", reasons));
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

std::string path_for(const std::string& path, const std::string& table, size_t table_count) {
  const size_t dot = path.rfind('.');
  if (table_count == 1 || dot == std::string::npos) return path;
  return path.substr(0, dot) + "." + table + path.substr(dot);
}

}  // namespace

Status guard_reasons(const Repository& repository, const Id& commit, QuarantineReport& report) {
  for (ArrivedTable& table : report.arrivals.tables) {
    if (table.before == Id()) continue;
    MILLGATE_ASSIGN(const GuardedCells cells, open_cells(repository, table.table, commit.hex()));
    if (cells.empty()) continue;
    report.cells.emplace(table.table, cells);
    table.whole_reason = guarded_sentence(cells, table.whole_reason);
    for (std::string& reason : table.reasons) reason = guarded_sentence(cells, reason);
  }
  return {};
}

void print_quarantine(const QuarantineReport& report) {
  if (report.origins.empty()) return;
  std::cout << "not trusted: " << comma_list(report.origins) << '\n';
  TextTable held({"table", "rows held", "because"});
  bool any = false;
  for (const ArrivedTable& table : report.arrivals.tables) {
    std::cout << "table " << table.table << ": ";
    if (table.whole_reason.empty()) {
      const int64_t count = table.changes.row_count();
      std::cout << grouped(count) << (count == 1 ? " row arrives, " : " rows arrive, ")
                << grouped(held_rows(table)) << " of them held\n";
    } else {
      std::cout << "held as a whole: " << table.whole_reason << '\n';
    }
    for (const std::string& note : table.notes) std::cout << "  note: " << note << '\n';
    for (const auto& [reason, count] : table.reason_counts()) {
      any = true;
      held.add({table.table, grouped(count), reason});
    }
  }
  for (const std::string& folder : report.arrivals.folders) {
    std::cout << "folder " << folder << ": held as a whole: files cannot be judged by row\n";
  }
  if (any) held.print(std::cout);
}

Json to_json(const QuarantineReport& report, bool with_rows) {
  if (report.origins.empty()) return nullptr;
  Json tables = Json::array();
  for (const ArrivedTable& table : report.arrivals.tables) {
    Json one = table_json(table);
    if (with_rows) {
      const auto cells = report.cells.find(table.table);
      one["held_rows"] =
          rows_json(table, cells == report.cells.end() ? GuardedCells() : cells->second);
    }
    tables.push_back(std::move(one));
  }
  Json json = {{"origins", report.origins},
               {"tables", std::move(tables)},
               {"held_folders", report.arrivals.folders}};
  if (!report.override_name.empty()) {
    json["override"] = {{"reason", report.override_reason}, {"name", report.override_name}};
  }
  return json;
}

Status record_quarantine(Repository& repository, const MergeRequest& request,
                         const QuarantineReport& report) {
  if (report.origins.empty()) return {};
  Json body = to_json(report, false);
  body["ours"] = request.ours.hex();
  body["theirs"] = Json::array();
  for (const MergedChange& change : request.changes) body["theirs"].push_back(change.theirs.hex());
  const auto event = repository.ledger().append({.kind = "quarantine",
                                                 .subject = request.branch,
                                                 .author = author_name(),
                                                 .body = dump_json(body)});
  return event.ok() ? Status() : Status(event.error());
}

Status write_held_rows(const QuarantineReport& report, const std::string& path) {
  size_t table_count = 0;
  for (const ArrivedTable& table : report.arrivals.tables) {
    table_count += table.held_count() > 0 ? 1 : 0;
  }
  for (const ArrivedTable& table : report.arrivals.tables) {
    if (table.held_count() == 0) continue;
    MILLGATE_ASSIGN(const auto rows, held_table(table));
    arrow::TableBatchReader reader(*rows);
    const std::string to = path_for(path, table.table, table_count);
    MILLGATE_ASSIGN(const int64_t count, write_table_file(reader, to));
    std::cerr << count_of(count, "row") << " written to " << to << '\n';
    if (const auto cells = report.cells.find(table.table); cells != report.cells.end()) {
      note_clear_key(cells->second, table.key, to);
    }
  }
  return {};
}

}  // namespace millgate
