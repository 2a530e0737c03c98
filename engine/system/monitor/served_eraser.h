/// A person's rows taken out of what a server logged: predictions, and what came back for them.
/// Format of the logs: docs/formats/prediction-log.md.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// Where a log may tell whose row it was.
struct ServedKey {
  std::string task_table;            ///< Of the models whose rows these are.
  std::vector<std::string> columns;  ///< As the user calls them, in the order of the texts.
};

struct ServedRowsToErase {
  std::vector<ServedKey> keys;
  /// Types that the columns have in the table: what was sent as text is compared as such a value.
  std::vector<std::shared_ptr<arrow::DataType>> types;
  /// Whether the values of a key, as texts (table/row_key.h, `value_text`), name such a row.
  std::function<bool(const std::vector<std::string>& texts)> names_row;
  bool dry_run = false;
};

struct ErasedServed {
  int64_t prediction_count = 0;    ///< Rows.
  int64_t feedback_count = 0;      ///< Labels of these.
  int64_t outcome_count = 0;       ///< What these earned.
  std::vector<std::string> files;  ///< Written anew or removed, relative to `.millgate`.
  /// Rows of such models in files that lack a column of the key: whose they are is not known.
  int64_t unnamed_count = 0;
  std::vector<std::string> unreadable;  ///< Files that are damaged; they were left.
  [[nodiscard]] bool any() const { return prediction_count + feedback_count + outcome_count > 0; }
};

/// Files are closed when they appear, so each is written anew without the rows and renamed over the
/// old one; a server may go on writing others, and a reader sees one or the other. What came back
/// goes before the predictions that name them, so that what breaks off is finished by the same
/// call. Of several callers at once one works at a time. What a server has answered in its last
/// second is in no file yet: the same call finds it then. Errors: `outside`.
[[nodiscard]] Result<ErasedServed> erase_served(const Repository& repository,
                                                const ServedRowsToErase& rows);

}  // namespace millgate
