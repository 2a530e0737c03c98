#include "data/table/arrow_result.h"

#include <memory>
#include <utility>

namespace millgate {

namespace {

constexpr const char* kDetailType = "millgate::Error";

class ErrorDetail final : public arrow::StatusDetail {
 public:
  explicit ErrorDetail(Error error) : error_(std::move(error)) {}
  const char* type_id() const override { return kDetailType; }
  std::string ToString() const override { return error_.what; }
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  Error error_;
};

/// What the system said ("[errno 28] No space left on device"), where Arrow kept it.
std::string reason_of(const arrow::Status& status) {
  return status.detail() == nullptr ? "" : ": " + status.detail()->ToString();
}

}  // namespace

Error arrow_error(const arrow::Status& status, const std::string& object) {
  if (const auto& detail = status.detail();
      detail != nullptr && std::string_view(detail->type_id()) == kDetailType) {
    return static_cast<const ErrorDetail&>(*detail).error();
  }
  const bool ours_to_mend = !status.IsIOError() && !status.IsOutOfMemory();
  return Error{.code = ours_to_mend ? ErrorCode::invalid_input : ErrorCode::outside,
               .what = object + ": " + status.message() + reason_of(status)};
}

arrow::Status arrow_status(Error error) {
  const auto code =
      error.code == ErrorCode::outside ? arrow::StatusCode::IOError : arrow::StatusCode::Invalid;
  std::string message = error.what;
  return {code, std::move(message), std::make_shared<ErrorDetail>(std::move(error))};
}

}  // namespace millgate
