#include "ground/error.h"

namespace millgate {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_input:
      return "invalid_input";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::overloaded:
      return "overloaded";
    case ErrorCode::damaged:
      return "damaged";
    case ErrorCode::outside:
      return "outside";
    case ErrorCode::bug:
      return "bug";
  }
  return "bug";
}

Error Error::inside(std::string outer_what) && {
  because.insert(because.begin(), std::move(what));
  what = std::move(outer_what);
  return std::move(*this);
}

}  // namespace millgate
