#include "system/serve/answer_table.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>

#include "data/table/arrow_result.h"
#include "system/serve/infer_outputs.h"
#include "system/serve/json_text.h"

namespace millgate {

namespace {

constexpr const char* kObject = "the answer";

/// A field of CSV, quoted where it must be.
void append_csv_text(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char letter : text) {
    if (letter == '"') out += '"';
    out += letter;
  }
  out += '"';
}

template <typename Builder, typename ValueOf>
arrow::Result<std::shared_ptr<arrow::Array>> output_array(const Answers& answers,
                                                          const ValueOf& value_of) {
  Builder builder;
  for (size_t row = 0; row < answers.ids.size(); ++row) {
    ARROW_RETURN_NOT_OK(builder.Append(value_of(row)));
  }
  return builder.Finish();
}

arrow::Status add_output(const InferOutput& output, const Answers& answers,
                         arrow::FieldVector& fields, arrow::ArrayVector& arrays) {
  std::shared_ptr<arrow::Array> array;
  if (output.datatype == TensorDatatype::bytes) {
    ARROW_ASSIGN_OR_RAISE(array, output_array<arrow::StringBuilder>(answers, [&](size_t row) {
                            return infer_output_text(answers, output, row);
                          }));
  } else if (output.datatype == TensorDatatype::boolean) {
    ARROW_ASSIGN_OR_RAISE(array, output_array<arrow::BooleanBuilder>(answers, [&](size_t row) {
                            return infer_output_boolean(answers, output, row);
                          }));
  } else {
    ARROW_ASSIGN_OR_RAISE(array, output_array<arrow::DoubleBuilder>(answers, [&](size_t row) {
                            return infer_output_number(answers, output, row);
                          }));
  }
  fields.push_back(arrow::field(output.name, array->type(), false));
  arrays.push_back(std::move(array));
  return arrow::Status::OK();
}

arrow::Status add_warnings(const Answers& answers, arrow::FieldVector& fields,
                           arrow::ArrayVector& arrays) {
  auto texts = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), texts);
  for (const std::vector<std::string>& warnings : answers.warnings) {
    ARROW_RETURN_NOT_OK(builder.Append());
    ARROW_RETURN_NOT_OK(texts->AppendValues(warnings));
  }
  std::shared_ptr<arrow::Array> array;
  ARROW_RETURN_NOT_OK(builder.Finish(&array));
  fields.push_back(arrow::field("warnings", array->type(), false));
  arrays.push_back(std::move(array));
  return arrow::Status::OK();
}

std::shared_ptr<arrow::KeyValueMetadata> metadata_of(const Answers& answers) {
  std::vector<std::string> keys = {"model", "version", "request_id"};
  std::vector<std::string> values = {answers.model->name(), answers.model->version(),
                                     answers.request_id};
  for (const std::string& note : answers.notes) {
    keys.emplace_back("warning");
    values.push_back(note);
  }
  return arrow::key_value_metadata(std::move(keys), std::move(values));
}

arrow::Result<std::string> write_arrow(const Answers& answers) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const InferOutput& output : infer_outputs(*answers.model)) {
    ARROW_RETURN_NOT_OK(add_output(output, answers, fields, arrays));
  }
  ARROW_RETURN_NOT_OK(add_warnings(answers, fields, arrays));
  const auto schema = arrow::schema(fields, metadata_of(answers));
  const auto rows = static_cast<int64_t>(answers.ids.size());
  ARROW_ASSIGN_OR_RAISE(const auto sink, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(const auto writer, arrow::ipc::MakeStreamWriter(sink, schema));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*arrow::RecordBatch::Make(schema, rows, arrays)));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto buffer, sink->Finish());
  return buffer->ToString();
}

}  // namespace

std::string answers_csv(const Answers& answers) {
  const std::vector<InferOutput> outputs = infer_outputs(*answers.model);
  std::string out;
  for (const InferOutput& output : outputs) {
    append_csv_text(out, output.name);
    out += ',';
  }
  out += "warnings\n";
  for (size_t row = 0; row < answers.ids.size(); ++row) {
    for (const InferOutput& output : outputs) {
      if (output.datatype == TensorDatatype::bytes) {
        append_csv_text(out, infer_output_text(answers, output, row));
      } else if (output.datatype == TensorDatatype::boolean) {
        out += infer_output_boolean(answers, output, row) ? "true" : "false";
      } else {
        append_json_number(out, infer_output_number(answers, output, row));
      }
      out += ',';
    }
    std::string warnings;
    for (const std::string& warning : answers.warnings[row]) {
      warnings += (warnings.empty() ? "" : "; ") + warning;
    }
    append_csv_text(out, warnings);
    out += '\n';
  }
  return out;
}

Result<std::string> answers_arrow(const Answers& answers) {
  MILLGATE_ARROW(std::string bytes, write_arrow(answers), kObject);
  return bytes;
}

}  // namespace millgate
