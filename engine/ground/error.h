/// Errors are values. Every fallible call between rooms returns `Result<T>`;
/// the engine never prints, throws across rooms or exits.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace millgate {

/// The kind of a failure. Stable: it decides the exit code and the HTTP status.
enum class ErrorCode {
  invalid_input,  ///< The request, a file or a setting is wrong. Exit 2, HTTP 400.
  not_found,      ///< A named thing does not exist. Exit 2, HTTP 404.
  conflict,       ///< Somebody else changed it first, or it exists already. Exit 2, HTTP 409.
  refused,        ///< Understood, and the answer is no (gate, policy). Exit 1, HTTP 403.
  overloaded,     ///< A bound was reached; try later. Exit 3, HTTP 429.
  damaged,        ///< Stored bytes are not what was written. Exit 3, HTTP 500.
  outside,        ///< Disk, network or another program failed. Exit 3, HTTP 503.
  bug,            ///< A promise inside Millgate was broken. Exit 4, HTTP 500.
};

/// The name of `code` as it appears in `--json` and in HTTP answers.
[[nodiscard]] std::string_view to_string(ErrorCode code);

/// One failure: the object, the fault, the place and the next step.
struct Error {
  ErrorCode code = ErrorCode::bug;
  std::string what;        ///< One line: the object, then its fault.
  std::string where = {};  ///< "file:line:column", object or request id; may be empty.
  std::vector<std::string> because = {};  ///< Causes, nearest first.
  std::string hint = {};                  ///< The next step; may be empty.
  std::string excerpt = {};  ///< Source lines with a caret, ready to print; may be empty.

  /// This error with one more cause around it: `what` becomes the first cause.
  [[nodiscard]] Error inside(std::string outer_what) &&;
};

[[nodiscard]] inline Error invalid_input(std::string what, std::string hint = {}) {
  return Error{.code = ErrorCode::invalid_input, .what = std::move(what), .hint = std::move(hint)};
}
[[nodiscard]] inline Error not_found(std::string what, std::string hint = {}) {
  return Error{.code = ErrorCode::not_found, .what = std::move(what), .hint = std::move(hint)};
}
[[nodiscard]] inline Error outside_failure(std::string what, std::string hint = {}) {
  return Error{.code = ErrorCode::outside, .what = std::move(what), .hint = std::move(hint)};
}
[[nodiscard]] inline Error damaged(std::string what, std::string hint = {}) {
  return Error{.code = ErrorCode::damaged, .what = std::move(what), .hint = std::move(hint)};
}
[[nodiscard]] inline Error bug(std::string what) {
  return Error{.code = ErrorCode::bug,
               .what = std::move(what),
               .hint = "this is a fault of millgate; please report it with this message"};
}

/// A value of type T or an Error. Reading the wrong one is a bug and asserts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(*-explicit-*)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(*-explicit-*)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  /// By value, so that `for (x : *f())` and `const auto& x = *f()` do not dangle.
  [[nodiscard]] T value() && {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] Error& error() & {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] const Error& error() const& {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && {
    assert(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

/// Success, or an Error: a Result without a value.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT(*-explicit-*)

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const& {
    assert(!ok());
    return *error_;
  }
  [[nodiscard]] Error&& error() && {
    assert(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace millgate

#define MILLGATE_JOIN_(a, b) a##b
#define MILLGATE_JOIN(a, b) MILLGATE_JOIN_(a, b)
#define MILLGATE_ASSIGN_(temp, target, expression) \
  auto temp = (expression);                        \
  if (!temp.ok()) return std::move(temp).error();  \
  target = std::move(temp).value()

/// Returns the error of a Status or Result from the enclosing function.
#define MILLGATE_TRY(expression)                                    \
  do {                                                              \
    if (auto millgate_status = (expression); !millgate_status.ok()) \
      return std::move(millgate_status).error();                    \
  } while (false)

/// `MILLGATE_ASSIGN(auto x, f());` binds the value of a Result, or returns its error.
#define MILLGATE_ASSIGN(target, expression) \
  MILLGATE_ASSIGN_(MILLGATE_JOIN(millgate_result_, __COUNTER__), target, expression)
