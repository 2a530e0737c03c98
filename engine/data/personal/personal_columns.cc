#include "data/personal/personal_columns.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "data/personal/column_words.h"
#include "data/personal/personal_form.h"
#include "data/table/arrow_result.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr size_t kExamplesMax = 3;
/// How surprising it must be that so many values pass: one in a million, or one in a hundred where
/// the name of the column says it.
const double kSureAlone = std::log(1e6);
const double kSureByName = std::log(1e2);

/// Values of a column that look like something.
struct Matches {
  int64_t rows = 0;
  int64_t distinct = 0;
  std::vector<PersonalExample> examples;  ///< The first rows, unmasked.

  void add(std::string_view value, int64_t count, int64_t first_row) {
    rows += count;
    ++distinct;
    if (examples.size() == kExamplesMax && examples.back().row < first_row) return;
    const auto at =
        std::upper_bound(examples.begin(), examples.end(), first_row,
                         [](int64_t row, const PersonalExample& one) { return row < one.row; });
    examples.insert(at, {.row = first_row, .text = std::string(value)});
    if (examples.size() > kExamplesMax) examples.pop_back();
  }
};

/// All that one look at a column finds.
struct ColumnLook {
  int64_t rows = 0;
  int64_t distinct = 0;
  std::map<const PersonalForm*, Matches> whole;
  std::map<const PersonalForm*, Matches> within;
  Matches named;  ///< Of the kind that the column's name says.

  [[nodiscard]] double share(const Matches& matches) const {
    return distinct == 0 ? 0
                         : static_cast<double>(matches.distinct) / static_cast<double>(distinct);
  }
};

void look_at(std::string_view value, int64_t count, int64_t first_row, const NamedKind* kind,
             ColumnLook& look) {
  look.rows += count;
  ++look.distinct;
  bool proved = false;
  constexpr size_t kFormBytesMax = 320;
  if (value.size() <= kFormBytesMax) {
    for (const PersonalForm& form : personal_forms()) {
      if (!form.matches(value)) continue;
      look.whole[&form].add(value, count, first_row);
      proved = proved || form.chance == 0;
    }
  }
  if (!proved) {
    for (const PersonalForm* form : forms_within(value)) {
      look.within[form].add(value, count, first_row);
    }
  }
  if (kind != nullptr && kind->fits(value)) look.named.add(value, count, first_row);
}

Result<ColumnLook> look_at_column(Database& database, const AskedRows& rows,
                                  const AskedColumn& column, const NamedKind* kind) {
  ColumnLook look;
  MILLGATE_ASSIGN(const auto values,
                  database.stream("select value, count(*), min(number) from (select cast(" +
                                  quote_name(column.name) +
                                  " as varchar) as value, row_number() over () as number from " +
                                  rows.name + ") where value is not null group by value"));
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    MILLGATE_ARROW_TRY(values->ReadNext(&batch), "column `" + column.name + "`");
    if (batch == nullptr) return look;
    const auto& texts = static_cast<const arrow::StringArray&>(*batch->column(0));
    const auto& counts = static_cast<const arrow::Int64Array&>(*batch->column(1));
    const auto& numbers = static_cast<const arrow::Int64Array&>(*batch->column(2));
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      look_at(texts.GetView(i), counts.Value(i), numbers.Value(i), kind, look);
    }
  }
}

/// The exponent of the bound of Chernoff and Hoeffding: that of `distinct` values, of which each
/// passes with probability `chance`, so large a share passes, is no more probable than e to the
/// minus this.
double surprise(int64_t distinct, double share, double chance) {
  if (share <= chance || chance <= 0) return 0;
  const double rest = share >= 1 ? 0 : (1 - share) * std::log((1 - share) / (1 - chance));
  return static_cast<double>(distinct) * (share * std::log(share / chance) + rest);
}

PersonalRole role_of(const PersonalForm& form) {
  return form.name == "coordinates" ? PersonalRole::quasi_identifier : PersonalRole::identifier;
}

std::string share_text(int64_t part, int64_t all) {
  return std::to_string(part) + " of " + std::to_string(all) + " values";
}

class Verdict {
 public:
  Verdict(const AskedColumn& column, const ColumnLook& look)
      : column_(column), look_(look), words_(words_of_name(column.name)) {}

  /// What the values say by themselves.
  std::vector<PersonalColumn> by_values() {
    std::vector<PersonalColumn> found;
    const PersonalForm* best = nullptr;
    double best_surprise = 0;
    for (const PersonalForm& form : personal_forms()) {
      const auto whole = look_.whole.find(&form);
      const auto within = look_.within.find(&form);
      if (form.chance == 0) {
        if (whole != look_.whole.end()) found.push_back(proved(form, whole->second, false));
        if (within != look_.within.end()) found.push_back(proved(form, within->second, true));
        continue;
      }
      if (whole == look_.whole.end()) continue;
      const double one = doubtful_surprise(form, whole->second);
      if (one > best_surprise) {
        best = &form;
        best_surprise = one;
      }
    }
    // A number of one country may pass for one of another: the least probable tells. Where values
    // prove what they are, nothing else is looked for.
    if (best != nullptr && found.empty()) found.push_back(surprising(*best, best_surprise));
    return found;
  }

  /// What its name says, when the values do not speak against it.
  [[nodiscard]] std::optional<PersonalColumn> by_name(const NamedKind& kind,
                                                      Certainty certainty) const {
    constexpr double kShareMin = 0.6;
    if (look_.distinct == 0 || look_.share(look_.named) < kShareMin) return std::nullopt;
    PersonalColumn found = started(look_.named);
    found.what = kind.what;
    found.role = kind.role;
    found.certainty = certainty;
    found.why =
        "its name says so; " + share_text(found.match_count, found.value_count) + " look like it";
    return found;
  }

 private:
  [[nodiscard]] PersonalColumn started(const Matches& matches) const {
    PersonalColumn found;
    found.column = column_.name;
    found.value_count = look_.rows;
    found.match_count = matches.rows;
    for (const PersonalExample& example : matches.examples) {
      found.examples.push_back({.row = example.row, .text = masked(example.text)});
    }
    return found;
  }

  [[nodiscard]] PersonalColumn proved(const PersonalForm& form, const Matches& matches,
                                      bool within) const {
    PersonalColumn found = started(matches);
    found.what = form.name;
    found.role = role_of(form);
    found.certainty = Certainty::certain;
    found.within_texts = within;
    found.why = share_text(found.match_count, found.value_count) +
                (within ? " hold one" : " are one by their form");
    return found;
  }

  /// How sure we may be of a form that is passed by chance, 0 when not enough.
  [[nodiscard]] double doubtful_surprise(const PersonalForm& form, const Matches& matches) const {
    constexpr double kShareMin = 0.5;
    const double share = look_.share(matches);
    const bool named = has_any_word(words_, form.words);
    // Digits alone: any number passes.
    if (form.chance >= 1) return named && share > 0.8 ? kSureByName : 0;
    if (share < kShareMin) return 0;
    const double found = surprise(look_.distinct, share, form.chance);
    return found >= (named ? kSureByName : kSureAlone) ? found : 0;
  }

  [[nodiscard]] PersonalColumn surprising(const PersonalForm& form, double found_surprise) const {
    PersonalColumn found = started(look_.whole.at(&form));
    found.what = form.name;
    found.role = role_of(form);
    const bool alone = form.chance < 1 && found_surprise >= kSureAlone;
    found.certainty = alone ? Certainty::certain : Certainty::likely;
    found.why = share_text(found.match_count, found.value_count) +
                (alone ? " pass its rules, which made-up ones would not" : " pass its rules") +
                (has_any_word(words_, form.words) ? "; its name says so, too" : "");
    return found;
  }

  const AskedColumn& column_;
  const ColumnLook& look_;
  std::vector<std::string> words_;
};

}  // namespace

std::string to_string(PersonalRole role) {
  switch (role) {
    case PersonalRole::identifier:
      return "identifier";
    case PersonalRole::quasi_identifier:
      return "quasi-identifier";
    case PersonalRole::sensitive:
      break;
  }
  return "sensitive";
}

std::string to_string(Certainty certainty) {
  switch (certainty) {
    case Certainty::possible:
      return "possible";
    case Certainty::likely:
      return "likely";
    case Certainty::certain:
      break;
  }
  return "certain";
}

Result<std::vector<PersonalColumn>> personal_columns(Database& database, const AskedRows& rows) {
  std::vector<PersonalColumn> all;
  for (const AskedColumn& column : rows.columns) {
    Certainty certainty = Certainty::possible;
    const NamedKind* kind = kind_by_name(column, certainty);
    const bool is_nested = column.kind == ColumnKind::other && column.type != "BLOB";
    if (is_nested) kind = nullptr;  // Its text is that of several values.
    const bool may_prove = column.type == "VARCHAR" || column.is_integer || is_nested;
    if (!may_prove && (kind == nullptr || column.kind == ColumnKind::other)) continue;
    MILLGATE_ASSIGN(const ColumnLook look, look_at_column(database, rows, column, kind));
    Verdict verdict(column, look);
    std::vector<PersonalColumn> found;
    if (may_prove) found = verdict.by_values();
    if (found.empty() && kind != nullptr) {
      if (auto named = verdict.by_name(*kind, certainty)) found.push_back(*std::move(named));
    }
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

Json to_json(const PersonalColumn& column) {
  Json examples = Json::array();
  for (const PersonalExample& example : column.examples) {
    examples.push_back({{"row", example.row}, {"masked", example.text}});
  }
  return {{"column", column.column},
          {"what", column.what},
          {"role", to_string(column.role)},
          {"certainty", to_string(column.certainty)},
          {"value_count", column.value_count},
          {"match_count", column.match_count},
          {"within_texts", column.within_texts},
          {"why", column.why},
          {"examples", std::move(examples)}};
}

}  // namespace millgate
