#include "model/artifact/model_format.h"

#include <array>
#include <utility>

#include "ground/json.h"
#include "model/artifact/combination.h"
#include "model/artifact/onnx_library.h"
#include "model/artifact/onnx_model.h"
#include "model/artifact/tree_ensemble.h"

namespace millgate {
namespace {

constexpr const char* kWriteInstead =
    "write ONNX, LightGBM's text (`booster.save_model`) or XGBoost's JSON or UBJ (`save_model`)";

/// Files that run code of their writer when they are loaded, or that hold no model by themselves.
struct Refused {
  std::string_view begin;
  const char* what;
};
constexpr auto kRefused = std::to_array<Refused>({
    {"\x80\x02", "a pickle"},
    {"\x80\x03", "a pickle"},
    {"\x80\x04", "a pickle"},
    {"\x80\x05", "a pickle"},
    {"PK\x03\x04", "an archive of pickles (torch.save, joblib, skops or Keras)"},
    {"\x1f\x8b", "a compressed file, as joblib writes its pickles"},
    {"\x78\x9c", "a compressed file, as joblib writes its pickles"},
});

/// The line that LightGBM's Python package ends its text with.
constexpr std::string_view kPandas = "\npandas_categorical:";

Status check_lightgbm_codes(std::string_view text) {
  const size_t at = text.rfind(kPandas);
  if (at == std::string_view::npos) return {};
  std::string_view line = text.substr(at + kPandas.size());
  line = line.substr(0, line.find('\n'));
  MILLGATE_ASSIGN(const Json columns, parse_json(line, "LightGBM model: `pandas_categorical`"));
  if (!columns.is_array()) return {};
  for (const Json& column : columns) {
    for (size_t code = 0; code < column.size(); ++code) {
      const Json& value = column.at(code);
      if (value.is_number() && value.get<double>() == static_cast<double>(code)) continue;
      return invalid_input(
          "LightGBM model: its categories were numbered again by pandas, so its splits do not mean "
          "the codes of the features",
          "train on the codes as they are (`categorical_feature=[...]` over numbers), not on "
          "columns of the type `category`");
    }
  }
  return {};
}

/// LightGBM calls features without a name Column_0, Column_1 ...
std::vector<std::string> lightgbm_names(std::string_view text) {
  constexpr std::string_view kKey = "\nfeature_names=";
  std::vector<std::string> names;
  const size_t at = text.find(kKey);
  if (at == std::string_view::npos) return names;
  std::string_view line = text.substr(at + kKey.size());
  line = line.substr(0, line.find_first_of("\r\n"));
  bool are_numbers = true;
  while (!line.empty()) {
    const size_t space = line.find(' ');
    names.emplace_back(line.substr(0, space));
    are_numbers = are_numbers && names.back() == "Column_" + std::to_string(names.size() - 1);
    line = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  }
  return are_numbers ? std::vector<std::string>{} : names;
}

}  // namespace

Result<std::shared_ptr<const Scorer>> load_scorer(const std::string& format,
                                                  std::string_view bytes) {
  if (format == "lightgbm") return load_lightgbm_text(bytes);
  if (format == "linear") return load_linear(bytes);
  if (format == "xgboost") return load_xgboost(bytes);
  if (format == "onnx") return load_onnx(bytes);
  if (format == "ensemble") return load_combination(bytes);
  return invalid_input("model: format `" + format + "` is not known",
                       "the formats are lightgbm, xgboost, onnx, linear and ensemble");
}

Result<std::string> recognise_format(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) return invalid_input(name + " is empty", kWriteInstead);
  for (const Refused& one : kRefused) {
    if (!bytes.starts_with(one.begin)) continue;
    return invalid_input(name + " is " + one.what +
                             ": loading it would run whatever code its writer put into it, so it "
                             "is refused",
                         kWriteInstead);
  }
  if (bytes.starts_with("binf")) {
    return invalid_input(name + " is in XGBoost's old binary format, which XGBoost dropped",
                         "save it as .json or .ubj");
  }
  if (bytes.starts_with("tree\n") || bytes.starts_with("tree\r\n")) return std::string("lightgbm");
  if (bytes.front() == '{') return std::string("xgboost");
  // ONNX has no mark of its own: its files begin with the version of the format as a field.
  if (bytes.size() > 1 && bytes[0] == '\x08' && bytes[1] > 0 && bytes[1] < 64) {
    return std::string("onnx");
  }
  return invalid_input(name + " is no model that is known here", kWriteInstead);
}

Result<std::string> runtime_version(const std::string& format) {
  if (format != "onnx") return std::string();
  MILLGATE_ASSIGN(const onnx::Library* library, onnx::load_library());
  return std::string(library->version);
}

Result<std::vector<std::string>> told_feature_names(const std::string& format,
                                                    std::string_view bytes) {
  if (format == "lightgbm") return lightgbm_names(bytes);
  if (format == "xgboost") return read_xgboost_names(bytes);
  if (format == "onnx") return onnx_feature_names(bytes);
  return std::vector<std::string>{};
}

Status check_own_codes(const std::string& format, std::string_view bytes) {
  return format == "lightgbm" ? check_lightgbm_codes(bytes) : Status();
}

}  // namespace millgate
