#include "system/serve/body_reader.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "system/serve/arrow_body.h"
#include "system/serve/csv_body.h"
#include "system/serve/row_columns.h"

namespace millgate {

namespace {

Result<std::unique_ptr<ColumnSource>> open_table(const MediaType& type, const ServedModel& model,
                                                 std::string_view body, size_t rows_max) {
  if (type.format == BodyFormat::arrow_stream) return open_arrow_body(body, rows_max);
  if (type.format == BodyFormat::parquet) return open_parquet_body(body, rows_max);
  if (type.has_header) return open_csv_body(body, nullptr, rows_max);
  std::vector<std::string> names;
  for (const Field& input : model.inputs()) names.push_back(input.name);
  return open_csv_body(body, &names, rows_max);
}

}  // namespace

Result<InferRequest> BodyReader::read(const ServedModel& model,
                                      const OnlineFeatures* online) const {
  if (read_infer != nullptr) return read_infer(model, online, body, rows_max);
  InferRequest request;
  if (type.format == BodyFormat::json) {
    MILLGATE_ASSIGN(request.batch, read_json(model, online, body.bytes, rows_max));
    return request;
  }
  MILLGATE_ASSIGN(const std::unique_ptr<ColumnSource> table,
                  open_table(type, model, body.bytes, rows_max));
  MILLGATE_ASSIGN(request.batch, millgate::read_columns(model, online, *table, rows_max));
  return request;
}

}  // namespace millgate
