/// The formats that a model's scorer may be stored in: read, told apart, refused.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "model/artifact/ensemble.h"

namespace millgate {

/// The scorer of `bytes`; `format` as Model::Parts::model_format.
///
/// - `lightgbm`: load_lightgbm_text.
/// - `linear`: load_linear.
/// - `xgboost`: JSON or UBJ of XGBoost 1.0 and later, which told apart by themselves. Boosters
///   gbtree and dart; splits by number and by category; objectives binary:logistic, reg:logistic,
///   reg:squarederror, reg:absoluteerror, reg:pseudohubererror, reg:quantileerror, count:poisson,
///   reg:gamma, reg:tweedie, multi:softprob, multi:softmax (also as probabilities). A feature that
///   is NaN is missing. Scores equal XGBoost's bit by bit: features, thresholds and sums are in
///   single precision. After early stopping the rounds up to the best one count, as in XGBoost's
///   scikit-learn interface.
///
/// - `onnx`: run by ONNX Runtime, which is loaded for the first (onnx_model.h). Scores are NaN
///   where the model has no number for a row.
/// - `ensemble`: several of the others as one (combination.h).
///
/// Errors: `damaged` with the place; `invalid_input` naming what is not supported, or a format
/// that is not known; `outside` without a library that is needed.
[[nodiscard]] Result<std::shared_ptr<const Scorer>> load_scorer(const std::string& format,
                                                                std::string_view bytes);

/// The format of a file that another program wrote, by its bytes; `name` is for errors.
/// Errors: `invalid_input` for what carries code (pickle, joblib, torch.save) or is no model, with
/// what to write instead.
[[nodiscard]] Result<std::string> recognise_format(std::string_view bytes, const std::string& name);

/// The version of the library that runs models of this format, "1.32.0"; empty where it is
/// ourselves. Errors: `outside` when it cannot be loaded.
[[nodiscard]] Result<std::string> runtime_version(const std::string& format);

/// What the file calls its features, in their order; empty where it does not tell, or calls them by
/// their numbers. Errors: `damaged`.
[[nodiscard]] Result<std::vector<std::string>> told_feature_names(const std::string& format,
                                                                  std::string_view bytes);

/// Codes that another program gave to categories by itself would not be those of the features.
/// Checked once, when the file comes in. Errors: `invalid_input`.
[[nodiscard]] Status check_own_codes(const std::string& format, std::string_view bytes);

}  // namespace millgate
