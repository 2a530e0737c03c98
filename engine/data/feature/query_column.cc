#include "data/feature/query_column.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "data/table/arrow_result.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

/// The column as texts in one piece.
Result<std::shared_ptr<arrow::StringArray>> texts_of_column(const Task& task,
                                                            const arrow::Table& table,
                                                            const std::string& name) {
  const int at = table.schema()->GetFieldIndex(name);
  if (at < 0) {
    return task.section.error_at("group",
                                 "there is no column `" + name + "` in `" + task.table + "`",
                                 name_hint(name, table.schema()->field_names()));
  }
  const auto column = table.column(at);
  if (column->null_count() > 0) {
    return task.section.error_at(
        "group",
        "`" + name + "` is null in " + std::to_string(column->null_count()) + " of " +
            std::to_string(table.num_rows()) + " rows, which are then ranked with nothing",
        "a rule in a [[check]] finds them; or remove them from the source");
  }
  MILLGATE_ARROW(const arrow::Datum cast, arrow::compute::Cast(column, arrow::utf8()),
                 "the column `" + name + "`");
  MILLGATE_ARROW(const auto whole,
                 arrow::Concatenate(cast.chunks().empty()
                                        ? arrow::ArrayVector{*arrow::MakeEmptyArray(arrow::utf8())}
                                        : cast.chunks()),
                 "the column `" + name + "`");
  return std::static_pointer_cast<arrow::StringArray>(whole);
}

}  // namespace

Result<std::shared_ptr<arrow::ChunkedArray>> query_column(const Task& task,
                                                          const arrow::Table& table) {
  std::vector<std::shared_ptr<arrow::StringArray>> columns;
  for (const std::string& name : task.group) {
    MILLGATE_ASSIGN(auto texts, texts_of_column(task, table, name));
    columns.push_back(std::move(texts));
  }
  std::unordered_map<std::string, int64_t> numbers;
  arrow::Int64Builder builder;
  MILLGATE_ARROW_TRY(builder.Reserve(table.num_rows()), "groups of rows");
  std::string key;
  for (int64_t row = 0; row < table.num_rows(); ++row) {
    key.clear();
    for (const auto& column : columns) {
      const std::string_view text = column->GetView(row);
      key += std::to_string(text.size());
      key += ':';
      key += text;
    }
    builder.UnsafeAppend(numbers.emplace(key, std::ssize(numbers)).first->second);
  }
  MILLGATE_ARROW(const auto array, builder.Finish(), "groups of rows");
  return std::make_shared<arrow::ChunkedArray>(array);
}

}  // namespace millgate
