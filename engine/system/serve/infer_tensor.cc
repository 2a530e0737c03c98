#include "system/serve/infer_tensor.h"

#include <algorithm>

#include "ground/nearest_name.h"
#include "system/serve/json_value.h"
#include "system/serve/tensor_bytes.h"

namespace millgate {

Error in_tensor(std::string_view name, std::string what, std::string hint) {
  return invalid_input("input tensor `" + std::string(name) + "`: " + std::move(what),
                       std::move(hint));
}

Error in_tensor(std::string_view name, Error error) {
  error.what = "input tensor `" + std::string(name) + "`: " + error.what;
  return error;
}

namespace {

using simdjson::dom::array;
using simdjson::dom::element;

Error wrong_shape(std::string_view name) {
  return in_tensor(name, "the shape is neither [n] nor [n, 1]",
                   "send one tensor for each input column");
}

/// Calls `set` with every value of `data`, which may be nested one level for [n, 1].
/// Errors: of `set`; when there are not `rows` values.
template <typename Set>
Status each_value(const InferTensor& tensor, const Set& set) {
  int64_t row = 0;
  const auto take = [&](const element& value) -> Status {
    if (row < tensor.rows) MILLGATE_TRY(set(value, static_cast<size_t>(row)));
    ++row;
    return {};
  };
  for (const element value : tensor.data) {
    array nested;
    if (value.get(nested) != simdjson::SUCCESS) {
      MILLGATE_TRY(take(value));
      continue;
    }
    for (const element inner : nested) MILLGATE_TRY(take(inner));
  }
  if (row == tensor.rows) return {};
  return in_tensor(tensor.name, "the shape says " + std::to_string(tensor.rows) +
                                    " values, `data` has " + std::to_string(row));
}

/// What was sent, whatever the shape says.
size_t value_count(const InferTensor& tensor) {
  if (tensor.binary)
    return tensor.binary->size() / std::max<size_t>(element_bytes(tensor.datatype), 1);
  size_t count = 0;
  for (const element value : tensor.data) {
    array nested;
    count += value.get(nested) == simdjson::SUCCESS ? nested.size() : 1;
  }
  return count;
}

Status read_input(const InferTensor& tensor, Vector& column);

/// A tensor of shape [n, width] is a list of `width` numbers a row. Of JSON a value that is null is
/// an element that is null; a row of nulls alone is no list, but null.
Status read_lists(const InferTensor& tensor, Vector& column) {
  InferTensor flat = tensor;
  flat.width = 1;
  // Before room is made for what the shape promises.
  const size_t sent = value_count(tensor);
  if (__builtin_mul_overflow(tensor.rows, tensor.width, &flat.rows) ||
      sent != static_cast<size_t>(flat.rows)) {
    return in_tensor(tensor.name, "the shape says " + std::to_string(tensor.rows) + " lists of " +
                                      std::to_string(tensor.width) + " values, there are " +
                                      std::to_string(sent) + " values");
  }
  Vector items;
  items.reset(ValueType::number, static_cast<size_t>(flat.rows));
  MILLGATE_TRY(read_input(flat, items));
  const auto width = static_cast<size_t>(tensor.width);
  for (size_t row = 0; row < column.size(); ++row) {
    NumberList& list = column.lists[row];
    list.clear();
    column.valid[row] = width == 0 ? 1 : 0;
    for (size_t i = row * width; i < (row + 1) * width; ++i) {
      if (items.valid[i] == 0) {
        list.add_null();
      } else {
        list.add(items.numbers[i]);
        column.valid[row] = 1;
      }
    }
  }
  return {};
}

Status read_input(const InferTensor& tensor, Vector& column) {
  if (!fits(tensor.datatype, column.type)) {
    return in_tensor(tensor.name,
                     "datatype `" + std::string(to_string(tensor.datatype)) +
                         "` does not fit the column's " + std::string(to_string(column.type)),
                     "send it as " + std::string(to_string(datatype_of(column.type))));
  }
  if (column.type == ValueType::list) return read_lists(tensor, column);
  if (tensor.width != 1) return wrong_shape(tensor.name);
  if (tensor.binary) {
    Status status = read_tensor_bytes(tensor.datatype, *tensor.binary, column);
    return status.ok() ? status : in_tensor(tensor.name, std::move(status).error());
  }
  return each_value(tensor, [&](const element& value, size_t row) {
    return set_value(value, tensor.name, column, row);
  });
}

Status read_key(const InferTensor& tensor, Vector& column) {
  if (tensor.width != 1) return wrong_shape(tensor.name);
  if (tensor.binary) {
    Status status = read_tensor_bytes_as_text(tensor.datatype, *tensor.binary, column);
    return status.ok() ? status : in_tensor(tensor.name, std::move(status).error());
  }
  return each_value(tensor, [&](const element& value, size_t row) -> Status {
    MILLGATE_ASSIGN(std::optional<std::string> text, scalar_text(value, tensor.name));
    column.valid[row] = text.has_value() ? 1 : 0;
    if (text) column.texts[row] = std::move(*text);
    return {};
  });
}

}  // namespace

Status set_datatype(InferTensor& tensor, std::string_view name) {
  const std::optional<TensorDatatype> datatype = parse_tensor_datatype(name);
  if (!datatype) {
    return in_tensor(tensor.name, "unknown datatype `" + std::string(name) + "`",
                     name_hint(name, tensor_datatype_names()));
  }
  tensor.datatype = *datatype;
  return {};
}

Status set_shape(InferTensor& tensor, const std::vector<int64_t>& shape) {
  for (const int64_t size : shape) {
    if (size < 0) {
      return in_tensor(tensor.name, "shape has " + std::to_string(size) + " in it",
                       "write \"shape\": [n]");
    }
  }
  if (shape.empty() || shape.size() > 2) return wrong_shape(tensor.name);
  tensor.rows = shape[0];
  if (shape.size() == 2) tensor.width = shape[1];
  return {};
}

Status check_equal_rows(const std::vector<InferTensor>& tensors) {
  for (const InferTensor& tensor : tensors) {
    if (tensor.rows == tensors.front().rows) continue;
    return in_tensor(tensor.name, "it has " + std::to_string(tensor.rows) + " rows, `" +
                                      std::string(tensors.front().name) + "` has " +
                                      std::to_string(tensors.front().rows));
  }
  return {};
}

TensorColumns::TensorColumns(std::vector<InferTensor> tensors) : tensors_(std::move(tensors)) {
  names_.reserve(tensors_.size());
  for (const InferTensor& tensor : tensors_) names_.emplace_back(tensor.name);
}

size_t TensorColumns::rows() const {
  return tensors_.empty() ? 0 : static_cast<size_t>(tensors_.front().rows);
}

Status TensorColumns::read(size_t index, Vector& column) const {
  return read_input(tensors_[index], column);
}

Status TensorColumns::read_text(size_t index, Vector& column) const {
  return read_key(tensors_[index], column);
}

}  // namespace millgate
