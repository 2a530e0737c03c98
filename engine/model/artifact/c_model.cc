#include "model/artifact/c_model.h"

#include <vector>

#include "data/feature/c_features.h"
#include "data/feature/c_source.h"
#include "model/artifact/c_scorer.h"
#include "model/artifact/manifest.h"
#include "model/artifact/model.h"

namespace millgate {
namespace {

/// What stands in the place of NAME and CAPITALS in the pieces below.
struct Names {
  std::string name;
  std::string capitals;
};

std::string filled(std::string_view piece, const Names& names) {
  std::string text;
  for (size_t at = 0; at < piece.size();) {
    const std::string_view rest = piece.substr(at);
    if (rest.starts_with("CAPITALS")) {
      text += names.capitals;
      at += 8;
    } else if (rest.starts_with("NAME")) {
      text += names.name;
      at += 4;
    } else {
      text += piece[at++];
    }
  }
  return text;
}

constexpr std::string_view kHead =
    "#ifndef CAPITALS_DECLARED\n"
    "#define CAPITALS_DECLARED\n"
    "\n"
    "#include <stddef.h>\n"
    "#include <stdint.h>\n"
    "\n"
    "/* Values that may be missing: `known` is 1 where there is a value, else 0. */\n"
    "typedef struct {\n"
    "  int64_t value;\n"
    "  unsigned char known;\n"
    "} NAME_integer;\n"
    "typedef struct {\n"
    "  double value;\n"
    "  unsigned char known;\n"
    "} NAME_number;\n"
    "typedef struct {\n"
    "  const char *bytes; /* UTF-8; no zero at the end is needed */\n"
    "  size_t size;\n"
    "  unsigned char known;\n"
    "} NAME_text;\n"
    "\n"
    "/* What the model reads. */\n"
    "typedef struct {\n";
constexpr std::string_view kPrediction =
    "} NAME_row;\n"
    "\n"
    "typedef struct {\n";
constexpr std::string_view kPrototypes =
    "} NAME_prediction;\n"
    "\n"
    "extern const char NAME_model[]; /* its id */\n"
    "\n"
    "/* Thread-safe; keeps nothing. Gives 0; or 1, with *out as it was, where a text is longer "
    "than\n"
    "   TEXT_MAX bytes. */\n"
    "int NAME_predict(const NAME_row *row, NAME_prediction *out);\n"
    "\n"
    "/* The same in two steps: the features, NaN where one is missing, and the score of features,\n"
    "   before calibration. */\n"
    "#define CAPITALS_FEATURES COUNT\n"
    "int NAME_features(const NAME_row *row, double *features);\n"
    "double NAME_score(const double *features);\n"
    "\n"
    "#endif\n"
    "\n"
    "#ifndef CAPITALS_ONLY_DECLARATIONS\n"
    "\n"
    "#include <float.h>\n"
    "#include <math.h>\n"
    "#include <string.h>\n"
    "\n"
    "#if defined(__FAST_MATH__)\n"
    "#error \"compile without -ffast-math: predictions would not be those of the model\"\n"
    "#endif\n"
    "#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0\n"
    "#error \"double must be computed as double: on 32-bit x86, compile with -msse2 "
    "-mfpmath=sse\"\n"
    "#endif\n"
    "#if defined(__clang__)\n"
    "#pragma STDC FP_CONTRACT OFF /* gcc: -std=c99 or -ffp-contract=off */\n"
    "#endif\n"
    "\n";

constexpr std::string_view kBetween =
    "static double between(double a, double b, double share) {\n"
    "  double x;\n"
    "  if ((a <= 0 && b >= 0) || (a >= 0 && b <= 0)) return share * b + (1 - share) * a;\n"
    "  if (share == 1) return b;\n"
    "  x = a + share * (b - a);\n"
    "  if ((share > 1) == (b > a)) return b < x ? x : b;\n"
    "  return b > x ? x : b;\n"
    "}\n"
    "static double calibrated(double p) {\n"
    "  size_t begin = 0, end = POINT_COUNT;\n"
    "  while (begin < end) {\n"
    "    const size_t middle = begin + (end - begin) / 2;\n"
    "    if (points_from[middle] < p) begin = middle + 1; else end = middle;\n"
    "  }\n"
    "  if (begin == 0) return points_to[0];\n"
    "  if (begin == POINT_COUNT) return points_to[POINT_COUNT - 1];\n"
    "  return between(points_to[begin - 1], points_to[begin],\n"
    "                 (p - points_from[begin - 1]) / (points_from[begin] - points_from[begin - "
    "1]));\n"
    "}\n\n";

std::string write_calibration(const Calibration& calibration, CTables& tables) {
  if (calibration.method == CalibrationMethod::isotonic) {
    const auto add = [&](const std::string& name, const std::vector<double>& values) {
      std::string text =
          "static const double " + name + "[" + std::to_string(values.size()) + "] = {\n";
      for (const double value : values) text += "  " + c_number(value) + ",\n";
      tables.add(text + "};\n", static_cast<int64_t>(values.size()) * 8);
    };
    add("points_from", calibration.from);
    add("points_to", calibration.to);
    return "#define POINT_COUNT ((size_t)" + std::to_string(calibration.from.size()) + ")\n" +
           std::string(kBetween);
  }
  return "static double calibrated(double p) {\n"
         "  const double kept = p < 1e-15 ? 1e-15 : 1 - 1e-15 < p ? 1 - 1e-15 : p;\n"
         "  const double score = " +
         c_number(calibration.slope) + " * (log(kept) - log1p(-kept)) + " +
         c_number(calibration.offset) +
         ";\n"
         "  return 1 / (1 + exp(-score));\n"
         "}\n\n";
}

/// The members of the prediction, and the lines that fill them; as Telling::of.
struct Told {
  std::string members;
  std::string lines;
};

Told told_of(const Model& model) {
  const bool is_binary = model.manifest().task_kind == "binary";
  Told told;
  told.members = std::string("  double value; /* ") +
                 (is_binary ? "the probability of yes" : "the prediction") + " */\n";
  told.lines = std::string("  out->value = ") +
               (model.calibration() ? "calibrated(score)" : "score") + ";\n";
  if (is_binary) {
    const std::string threshold = c_number(model.manifest().threshold);
    told.members += "  int decision; /* 1 where value >= the threshold */\n";
    told.lines += "  out->decision = out->value >= " + threshold + ";\n";
  }
  if (!model.uncertainty()) return told;
  const Uncertainty& uncertainty = *model.uncertainty();
  if (makes_intervals(uncertainty.method)) {
    told.members += "  double lower, upper; /* the interval that holds the truth */\n";
    told.lines += "  out->lower = out->value - " + c_number(uncertainty.margin) +
                  ";\n  out->upper = out->value + " + c_number(uncertainty.margin) + ";\n";
  } else {
    told.members += "  int may_be_true, may_be_false; /* the answers that may be */\n";
    told.lines += "  out->may_be_true = 1 - score <= " + c_number(uncertainty.miss_true) +
                  ";\n  out->may_be_false = score <= " + c_number(uncertainty.miss_false) + ";\n";
  }
  return told;
}

Result<std::string> write_scorer(const std::string& format, std::string_view bytes,
                                 CTables& tables) {
  if (format == "linear") {
    MILLGATE_ASSIGN(const LinearModel model, read_linear(bytes));
    return write_c_linear(model, tables);
  }
  if (format == "lightgbm") {
    MILLGATE_ASSIGN(const Trees trees, read_lightgbm_trees(bytes));
    return write_c_trees(trees, tables);
  }
  if (format == "xgboost") {
    MILLGATE_ASSIGN(const Trees trees, read_xgboost_trees(bytes));
    return write_c_trees(trees, tables);
  }
  return invalid_input(
      "a model of format `" + format + "` cannot be exported to C",
      "boosted trees and linear models can: `learner = \"gbdt\"`, \"linear\", or a program that "
      "leaves a LightGBM or XGBoost model");
}

std::string about(const Model& model, const std::string& name) {
  const Manifest& manifest = model.manifest();
  return "/* " + c_comment(manifest.project) + ": " + c_comment(manifest.label) + " (" +
         manifest.task_kind + ").\n   " + c_comment(manifest.description) + "\n   Model " +
         model.id().hex() + ",\n   " + c_comment(model.scorer().describe()) +
         "; written by `millgate export --c`.\n\n   Compile as C99 with the C library's "
         "mathematics (-std=c99, -lm). No heap, no input or output.\n"
         "   Others include this file after `#define " +
         name + "_ONLY_DECLARATIONS`. */\n";
}

}  // namespace

Result<CModel> write_c_model(const ObjectStore& objects, const Id& id) {
  MILLGATE_ASSIGN(const auto model, Model::load_of_one_number(objects, id));
  MILLGATE_ASSIGN(const std::string bytes, objects.get(id));
  MILLGATE_ASSIGN(const StoredManifest stored, read_manifest(bytes));
  MILLGATE_ASSIGN(const std::string scorer_bytes, objects.get(stored.model));

  Names names{.name = c_name(model->manifest().project), .capitals = {}};
  for (const char c : names.name) {
    names.capitals += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  CTables tables;
  MILLGATE_ASSIGN(const std::string scorer,
                  write_scorer(stored.model_format, scorer_bytes, tables));
  MILLGATE_ASSIGN(const CFeatures features,
                  write_c_features(model->features(), names.name, tables));
  std::string calibration;
  if (model->calibration()) calibration = write_calibration(*model->calibration(), tables);
  const Told told = told_of(*model);
  const size_t count = model->features().features().size();

  std::string source = about(*model, names.capitals) + filled(kHead, names) +
                       (features.row_members.empty() ? "  char unused;\n" : features.row_members) +
                       filled(kPrediction, names) + told.members;
  std::string prototypes = filled(kPrototypes, names);
  prototypes.replace(prototypes.find("COUNT\n"), 5, std::to_string(count));
  source += prototypes;
  source += "const char " + names.name + "_model[] = \"" + id.hex() + "\";\n\n";
  source += features.types + "\n" + tables.source() + "\n" + features.functions + "\n" + scorer +
            "\n" + calibration;
  source += filled(
      "int NAME_features(const NAME_row *row, double *features) {\n"
      "  return read_features(row, features);\n"
      "}\n\n"
      "double NAME_score(const double *features) { return score_features(features); }\n\n"
      "int NAME_predict(const NAME_row *row, NAME_prediction *out) {\n"
      "  double features[CAPITALS_FEATURES];\n"
      "  double score;\n"
      "  if (read_features(row, features) != 0) return 1;\n"
      "  score = score_features(features);\n",
      names);
  source += told.lines + "  return 0;\n}\n\n#endif\n";
  return CModel{.source = std::move(source),
                .prefix = names.name,
                .table_bytes = tables.size_bytes(),
                .input_count = static_cast<int64_t>(model->features().inputs().size()),
                .feature_count = static_cast<int64_t>(count),
                .scorer = model->scorer().describe(),
                .makes_text = features.makes_text};
}

}  // namespace millgate
