/// Binary data of tensors: the extension of the Open Inference Protocol that Triton's clients
/// speak.
///
/// Elements lie one after the other in row order, little-endian; a BOOL is one byte 0 or 1, an
/// element of BYTES is its length in four bytes and then itself.
#pragma once

#include <string>
#include <string_view>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "system/serve/tensor_datatype.h"

namespace millgate {

/// Fills all rows of `column` from `bytes`, which must hold just so many elements; `datatype` fits
/// the column. NaN is null, as binary data has no other way to say it.
/// Errors: `invalid_input` with the row: too few or too many bytes, infinity, a fraction for an
/// integer, a BOOL that is neither 0 nor 1, a text that is not UTF-8, no time or duration.
[[nodiscard]] Status read_tensor_bytes(TensorDatatype datatype, std::string_view bytes,
                                       Vector& column);
/// Fills `column`, which is of texts, with elements of any datatype written as JSON writes them.
/// Errors: as above.
[[nodiscard]] Status read_tensor_bytes_as_text(TensorDatatype datatype, std::string_view bytes,
                                               Vector& column);

void append_tensor_bool(std::string& out, bool value);
void append_tensor_double(std::string& out, double value);
/// Texts of 4 GiB and more do not occur.
void append_tensor_text(std::string& out, std::string_view value);

}  // namespace millgate
