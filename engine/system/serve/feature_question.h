/// What requests about the online store have in common: how they name views and fields, and how
/// values are written. For feature_answer, feast_answer and feature_push.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/online/online_reader.h"
#include "ground/error.h"
#include "system/serve/feature_answer.h"

namespace simdjson::dom {
class array;
class object;
}  // namespace simdjson::dom

namespace millgate {

/// The stored view of this name: the one that was materialised as of the latest time, or that
/// whose version begins with what follows an @. Lives as long as `views`.
/// Errors: `not_found` with the nearest name.
[[nodiscard]] Result<const OnlineView*> find_view(const std::vector<OnlineView>& views,
                                                  std::string_view name);

/// Puts together what is asked for.
class FeatureQuestion {
 public:
  /// `views` and `answer` outlive it.
  FeatureQuestion(const std::vector<OnlineView>& views, FeatureAnswer& answer)
      : views_(views), answer_(answer) {}

  /// Adds the member `features` of a request, a list of "view.field" or "view", the parts set
  /// apart by `separator`. Errors: `invalid_input` with `example`; `not_found`.
  [[nodiscard]] Status add_features(const simdjson::dom::object& request, std::string_view example,
                                    char separator);
  /// Once everything was added.
  void make_room(size_t rows);

 private:
  [[nodiscard]] Status add(std::string_view name, char separator);
  size_t plan_of(const OnlineView& view);
  void add_field(size_t plan, size_t field);

  const std::vector<OnlineView>& views_;
  FeatureAnswer& answer_;
};

/// The body as an object. Errors: `invalid_input`.
[[nodiscard]] Result<simdjson::dom::object> body_object(std::string_view body);
/// The list `key` of `object`. Errors: `invalid_input` with `example`.
[[nodiscard]] Result<simdjson::dom::array> list_at(const simdjson::dom::object& object,
                                                   std::string_view key, std::string_view example);
/// Reads everything as of `at`, microseconds.
[[nodiscard]] Status read_answer(const OnlineStore& store, int64_t at, FeatureAnswer& answer);

}  // namespace millgate
