/// Items that several annotators labelled: how far they agree, what they say together, how good
/// each of them is, and what to look at first.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/query/database.h"
#include "ground/error.h"
#include "model/measure/agreement.h"
#include "model/measure/consensus.h"

namespace millgate {

/// Each is SQL over a row; a row is one label of one annotator for one item.
struct AnnotatorQuestion {
  std::string item;
  std::string annotator;
  std::string label;
  LabelScale scale = LabelScale::nominal;
  /// In their order, for `ordinal`; a label that is none of them is an error. Empty: those that are
  /// there, numbers by size and texts by letters.
  std::vector<std::string> classes = {};
};

struct AnnotatorReport {
  Ratings ratings;
  std::vector<std::string> items;       ///< In the order of the item's values.
  std::vector<std::string> annotators;  ///< Likewise.
  std::vector<std::string> classes;
  int64_t unlabelled = 0;         ///< Rows without item, annotator or label: left out.
  int64_t shared_item_count = 0;  ///< Items with two or more labels.
  LabelScale scale = LabelScale::nominal;
  std::vector<PairAgreement> pairs;
  std::optional<double> fleiss_kappa;
  std::optional<double> krippendorff_alpha;  ///< By `scale`.
  Consensus consensus;
  std::vector<AnnotatorQuality> qualities;

  struct Item {
    size_t item = 0;
    size_t label_count = 0;
    size_t consensus = 0;    ///< Class.
    double probability = 0;  ///< Of it.
    double agreement = 0;    ///< Share of its labels that are the consensus.
  };
  /// Every item, the least certain consensus first; of equal ones the one with least agreement.
  std::vector<Item> review;

  /// Annotators with few labels, whose matrices are guesses.
  [[nodiscard]] std::vector<std::string> hardly_known() const;
};

/// Errors: `invalid_input` for SQL that is none; a label that is none of the classes (nearest
/// name); an annotator who labelled an item twice; one annotator alone; no item that two labelled;
/// `interval` with labels that are no numbers.
[[nodiscard]] Result<AnnotatorReport> read_annotators(Database& database, const AskedRows& rows,
                                                      const AnnotatorQuestion& question);

/// `item`, `label` (the consensus), `probability`, `label_count`, `agreement`, in the order of
/// `review`.
[[nodiscard]] Result<std::shared_ptr<arrow::Table>> consensus_table(const AnnotatorReport& report);

[[nodiscard]] nlohmann::ordered_json to_json(const AnnotatorReport& report);

}  // namespace millgate
