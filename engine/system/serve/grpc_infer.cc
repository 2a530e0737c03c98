#include "system/serve/grpc_infer.h"

#include <cstring>
#include <deque>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <vector>

#include "system/serve/infer_answer.h"
#include "system/serve/infer_outputs.h"
#include "system/serve/infer_tensor.h"
#include "system/serve/tensor_bytes.h"

namespace millgate {

namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::pbf_writer;
using protozero::tag_and_type;

/// What a field is known by: one of another wire type is another field, which nobody knows.
constexpr uint32_t text_field(protozero::pbf_tag_type tag) {
  return tag_and_type(tag, pbf_wire_type::length_delimited);
}

std::string_view view_of(protozero::data_view view) { return {view.data(), view.size()}; }

Error broken(const std::exception& fault) {
  return invalid_input(std::string("the message is no ModelInferRequest: ") + fault.what(),
                       "see the Open Inference Protocol, version 2, gRPC");
}

/// The field of InferTensorContents in which the protocol puts values of a datatype, and as what
/// they lie there: narrow integers are sent as wide ones.
struct ContentsField {
  protozero::pbf_tag_type tag = 0;  ///< 0: there is none, they are sent raw.
  TensorDatatype sent_as = TensorDatatype::bytes;
  std::string_view name;
};

ContentsField contents_field(TensorDatatype datatype) {
  switch (datatype) {
    case TensorDatatype::boolean:
      return {1, TensorDatatype::boolean, "bool_contents"};
    case TensorDatatype::int8:
    case TensorDatatype::int16:
    case TensorDatatype::int32:
      return {2, TensorDatatype::int32, "int_contents"};
    case TensorDatatype::int64:
      return {3, TensorDatatype::int64, "int64_contents"};
    case TensorDatatype::uint8:
    case TensorDatatype::uint16:
    case TensorDatatype::uint32:
      return {4, TensorDatatype::uint32, "uint_contents"};
    case TensorDatatype::uint64:
      return {5, TensorDatatype::uint64, "uint64_contents"};
    case TensorDatatype::fp32:
      return {6, TensorDatatype::fp32, "fp32_contents"};
    case TensorDatatype::fp64:
      return {7, TensorDatatype::fp64, "fp64_contents"};
    case TensorDatatype::bytes:
      return {8, TensorDatatype::bytes, "bytes_contents"};
    case TensorDatatype::fp16:
    case TensorDatatype::bf16:
      break;
  }
  return {};
}

template <typename T>
void append_value(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof bytes);
}

/// Appends the values of a repeated field as a T lies in memory: all of them packed, or the next
/// one. Errors: `invalid_input` where it is neither.
template <typename T, typename Range, typename One>
Status append_values(std::string& out, pbf_reader& field, Range range, One one,
                     pbf_wire_type type) {
  if (field.wire_type() == pbf_wire_type::length_delimited) {
    for (const auto value : (field.*range)()) append_value(out, static_cast<T>(value));
  } else if (field.wire_type() == type) {
    append_value(out, static_cast<T>((field.*one)()));
  } else {
    return invalid_input("its contents are of another type than their field",
                         "see the Open Inference Protocol, version 2, gRPC");
  }
  return {};
}

Status append_contents(std::string& out, pbf_reader& field) {
  using R = pbf_reader;
  using Type = pbf_wire_type;
  switch (field.tag()) {
    case 1:
      return append_values<bool>(out, field, &R::get_packed_bool, &R::get_bool, Type::varint);
    case 2:
      return append_values<int32_t>(out, field, &R::get_packed_int32, &R::get_int32, Type::varint);
    case 3:
      return append_values<int64_t>(out, field, &R::get_packed_int64, &R::get_int64, Type::varint);
    case 4:
      return append_values<uint32_t>(out, field, &R::get_packed_uint32, &R::get_uint32,
                                     Type::varint);
    case 5:
      return append_values<uint64_t>(out, field, &R::get_packed_uint64, &R::get_uint64,
                                     Type::varint);
    case 6:
      return append_values<float>(out, field, &R::get_packed_float, &R::get_float, Type::fixed32);
    case 7:
      return append_values<double>(out, field, &R::get_packed_double, &R::get_double,
                                   Type::fixed64);
    default:
      break;
  }
  if (field.wire_type() != Type::length_delimited) {
    return invalid_input("its contents are no texts", "send BYTES in `bytes_contents`");
  }
  append_tensor_text(out, view_of(field.get_view()));
  return {};
}

/// A request whose tensors look into `message` and `contents`.
struct GrpcInferMessage {
  std::string_view id;
  std::vector<InferTensor> tensors;
  std::vector<std::string_view> outputs;
  std::vector<std::string_view> raw;
  std::deque<std::string> contents;  ///< Binary data made of typed contents.
};

/// Takes an InferTensorContents as binary data.
Status take_contents(pbf_reader field, InferTensor& tensor, GrpcInferMessage& read) {
  const ContentsField expected = contents_field(tensor.datatype);
  std::string& bytes = read.contents.emplace_back();
  while (field.next()) {
    if (field.tag() != expected.tag) {
      return in_tensor(tensor.name,
                       "its values are not where datatype " +
                           std::string(to_string(tensor.datatype)) + " has them",
                       expected.tag == 0 ? "send it in `raw_input_contents`"
                                         : "send them in `" + std::string(expected.name) + "`");
    }
    Status status = append_contents(bytes, field);
    if (!status.ok()) return in_tensor(tensor.name, std::move(status).error());
  }
  tensor.datatype = expected.sent_as;
  tensor.binary = bytes;
  return {};
}

Status read_input_tensor(pbf_reader field, GrpcInferMessage& read) {
  InferTensor tensor;
  std::string_view datatype;
  std::vector<int64_t> shape;
  std::optional<pbf_reader> contents;
  while (field.next()) {
    switch (field.tag_and_type()) {
      case text_field(1):
        tensor.name = view_of(field.get_view());
        break;
      case text_field(2):
        datatype = view_of(field.get_view());
        break;
      case text_field(3):
        for (const int64_t size : field.get_packed_int64()) shape.push_back(size);
        break;
      case tag_and_type(3, pbf_wire_type::varint):
        shape.push_back(field.get_int64());
        break;
      case text_field(5):
        contents = field.get_message();
        break;
      default:
        field.skip();
    }
  }
  MILLGATE_TRY(set_datatype(tensor, datatype));
  MILLGATE_TRY(set_shape(tensor, shape));
  // A message without values is as none.
  if (contents && contents->length() > 0) MILLGATE_TRY(take_contents(*contents, tensor, read));
  read.tensors.push_back(tensor);
  return {};
}

std::string_view name_of(pbf_reader field) {
  std::string_view name;
  while (field.next()) {
    if (field.tag_and_type() == text_field(1)) {
      name = view_of(field.get_view());
    } else {
      field.skip();
    }
  }
  return name;
}

Status read_message(std::string_view message, GrpcInferMessage& read) {
  pbf_reader fields(message.data(), message.size());
  while (fields.next()) {
    switch (fields.tag_and_type()) {
      case text_field(3):
        read.id = view_of(fields.get_view());
        break;
      case text_field(5):
        MILLGATE_TRY(read_input_tensor(fields.get_message(), read));
        break;
      case text_field(6):
        read.outputs.push_back(name_of(fields.get_message()));
        break;
      case text_field(7):
        read.raw.push_back(view_of(fields.get_view()));
        break;
      default:
        fields.skip();
    }
  }
  return {};
}

/// Gives each tensor its raw contents. A tensor of no rows needs none.
Status give_raw(GrpcInferMessage& read) {
  if (!read.raw.empty() && read.raw.size() != read.tensors.size()) {
    return invalid_input("there are " + std::to_string(read.tensors.size()) + " inputs and " +
                             std::to_string(read.raw.size()) + " raw_input_contents",
                         "send raw contents for every input, in their order, or for none");
  }
  for (size_t i = 0; i < read.tensors.size(); ++i) {
    InferTensor& tensor = read.tensors[i];
    if (read.raw.empty()) {
      if (!tensor.binary) tensor.binary = std::string_view();
      continue;
    }
    if (tensor.binary) {
      return in_tensor(tensor.name, "it has contents, and raw contents too", "send it once");
    }
    tensor.binary = read.raw[i];
  }
  return {};
}

/// An InferParameter with a text, under `name` in a map of parameters.
void add_parameter(pbf_writer& message, std::string_view name, std::string_view text) {
  std::string value;
  pbf_writer(value).add_string(3, text.data(), text.size());
  pbf_writer entry(message, 4);
  entry.add_string(1, name.data(), name.size());
  entry.add_message(2, value);
}

/// Adds the values of an output as an InferTensorContents.
void add_contents(pbf_writer& tensor, const InferOutput& output, const Answers& answers) {
  pbf_writer contents(tensor, 5);
  const size_t rows = answers.ids.size();
  if (output.datatype == TensorDatatype::bytes) {
    for (size_t row = 0; row < rows; ++row) {
      contents.add_bytes(8, infer_output_text(answers, output, row));
    }
  } else if (output.datatype == TensorDatatype::boolean) {
    protozero::packed_field_bool values(contents, 1);
    for (size_t row = 0; row < rows; ++row) {
      values.add_element(infer_output_boolean(answers, output, row));
    }
  } else {
    protozero::packed_field_double values(contents, 7);
    for (size_t row = 0; row < rows; ++row) {
      values.add_element(infer_output_number(answers, output, row));
    }
  }
}

}  // namespace

Result<GrpcModelName> grpc_model_name(std::string_view message) {
  GrpcModelName model;
  try {
    pbf_reader fields(message.data(), message.size());
    while (fields.next()) {
      switch (fields.tag_and_type()) {
        case text_field(1):
          model.name = view_of(fields.get_view());
          break;
        case text_field(2):
          model.version = view_of(fields.get_view());
          break;
        default:
          fields.skip();
      }
    }
  } catch (const std::exception& fault) {
    return broken(fault);
  }
  return model;
}

Result<InferRequest> read_grpc_infer(const ServedModel& model, const OnlineFeatures* online,
                                     const InferBody& body, size_t rows_max) {
  GrpcInferMessage read;
  try {
    MILLGATE_TRY(read_message(body.bytes, read));
  } catch (const std::exception& fault) {
    return broken(fault);
  }
  MILLGATE_TRY(check_equal_rows(read.tensors));
  const bool is_raw = !read.raw.empty();
  MILLGATE_TRY(give_raw(read));
  InferRequest request;
  request.id = read.id;
  MILLGATE_ASSIGN(request.batch,
                  read_columns(model, online, TensorColumns(std::move(read.tensors)), rows_max));
  const std::vector<InferOutput> valid = infer_outputs(model);
  for (const std::string_view name : read.outputs) {
    MILLGATE_ASSIGN(InferOutput output, find_output(valid, name));
    request.outputs.push_back({std::move(output), is_raw});
  }
  if (!request.outputs.empty()) return request;
  for (const InferOutput& output : valid) request.outputs.push_back({output, is_raw});
  return request;
}

std::string grpc_infer_answer(const Answers& answers, const InferRequest& request) {
  std::string out;
  pbf_writer message(out);
  message.add_string(1, answers.model->name());
  message.add_string(2, answers.model->version());
  if (!request.id.empty()) message.add_string(3, request.id);
  add_parameter(message, "request_id", answers.request_id);
  if (const std::string warnings = joined_warnings(answers); !warnings.empty()) {
    add_parameter(message, "warnings", warnings);
  }
  const auto rows = static_cast<int64_t>(answers.ids.size());
  for (const WantedOutput& wanted : request.outputs) {
    pbf_writer tensor(message, 5);
    tensor.add_string(1, wanted.output.name);
    const std::string_view datatype = to_string(wanted.output.datatype);
    tensor.add_string(2, datatype.data(), datatype.size());
    tensor.add_packed_int64(3, &rows, &rows + 1);
    if (!wanted.is_binary) add_contents(tensor, wanted.output, answers);
  }
  for (const WantedOutput& wanted : request.outputs) {
    if (!wanted.is_binary) continue;
    std::string bytes;
    append_output_bytes(bytes, wanted.output, answers);
    message.add_bytes(6, bytes);
  }
  return out;
}

}  // namespace millgate
