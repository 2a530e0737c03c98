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

arrow::Status add_output(const std::string& name, const Answers& answers,
                         arrow::FieldVector& fields, arrow::ArrayVector& arrays) {
  std::shared_ptr<arrow::Array> array;
  const TensorDatatype datatype = infer_output_datatype(name);
  if (datatype == TensorDatatype::bytes) {
    arrow::StringBuilder builder;
    ARROW_RETURN_NOT_OK(builder.AppendValues(answers.ids));
    ARROW_RETURN_NOT_OK(builder.Finish(&array));
  } else if (datatype == TensorDatatype::boolean) {
    arrow::BooleanBuilder builder;
    for (const Prediction& told : answers.predictions) {
      ARROW_RETURN_NOT_OK(builder.Append(infer_output_boolean(told, name)));
    }
    ARROW_RETURN_NOT_OK(builder.Finish(&array));
  } else {
    arrow::DoubleBuilder builder;
    for (const Prediction& told : answers.predictions) {
      ARROW_RETURN_NOT_OK(builder.Append(infer_output_number(told, name)));
    }
    ARROW_RETURN_NOT_OK(builder.Finish(&array));
  }
  fields.push_back(arrow::field(name, array->type(), false));
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
  for (const std::string& name : infer_output_names(*answers.model)) {
    ARROW_RETURN_NOT_OK(add_output(name, answers, fields, arrays));
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
  const std::vector<std::string> names = infer_output_names(*answers.model);
  std::string out;
  for (const std::string& name : names) out += name + ",";
  out += "warnings\n";
  for (size_t row = 0; row < answers.ids.size(); ++row) {
    for (const std::string& name : names) {
      const TensorDatatype datatype = infer_output_datatype(name);
      const Prediction& told = answers.predictions[row];
      if (datatype == TensorDatatype::bytes) {
        out += answers.ids[row];
      } else if (datatype == TensorDatatype::boolean) {
        out += infer_output_boolean(told, name) ? "true" : "false";
      } else {
        append_json_number(out, infer_output_number(told, name));
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
