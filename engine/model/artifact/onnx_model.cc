#include "model/artifact/onnx_model.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "model/artifact/onnx_library.h"

namespace millgate {
namespace {

using onnx::ElementType;
using onnx::ValueKind;

constexpr const char* kForms =
    "inputs: one tensor [rows, features] or one [rows, 1] a feature; output: a tensor of numbers "
    "with one column, two for the probabilities of no and yes, or one a class (of skl2onnx: "
    "options={'zipmap': False})";

Error unfit(const std::string& fault) { return invalid_input("ONNX model: " + fault, kForms); }

/// Frees a handle by the library's own function.
template <typename Handle>
class Owned {
 public:
  using Release = void (*)(Handle*);
  explicit Owned(Release release) : release_(release) {}
  Owned(Owned&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), release_(other.release_) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Owned& operator=(Owned&&) = delete;
  ~Owned() {
    if (handle_ != nullptr) release_(handle_);
  }
  [[nodiscard]] Handle* get() const { return handle_; }
  [[nodiscard]] Handle** out() { return &handle_; }

 private:
  Handle* handle_ = nullptr;
  Release release_;
};

/// An input or output as the model declares it; -1 in the shape: any size.
struct Port {
  std::string name;
  ValueKind kind = ValueKind::tensor;
  ElementType type = ElementType::float32;
  std::vector<int64_t> shape;
};

bool is_known(ElementType type) {
  return type == ElementType::float32 || type == ElementType::float64 ||
         type == ElementType::int32 || type == ElementType::int64;
}

bool is_fraction(ElementType type) {
  return type == ElementType::float32 || type == ElementType::float64;
}

size_t bytes_of(ElementType type) {
  return type == ElementType::float64 || type == ElementType::int64 ? 8 : 4;
}

/// Writes one number as an element.
void put(double value, ElementType type, char* to) {
  const auto copy = [to](auto number) { std::memcpy(to, &number, sizeof(number)); };
  const auto whole = [value](auto limits) {
    using Whole = decltype(limits);
    const bool fits = value > static_cast<double>(std::numeric_limits<Whole>::min()) &&
                      value < static_cast<double>(std::numeric_limits<Whole>::max());
    return fits ? static_cast<Whole>(value) : Whole{-1};  // Also of NaN.
  };
  if (type == ElementType::float32) copy(static_cast<float>(value));
  if (type == ElementType::float64) copy(value);
  if (type == ElementType::int32) copy(whole(int32_t{}));
  if (type == ElementType::int64) copy(whole(int64_t{}));
}

/// A model in the runtime, and how rows go in and out.
class Session {
 public:
  static Result<std::shared_ptr<Session>> open(std::string_view bytes) {
    // The runtime would look for them in whatever folder the program was started in.
    if (bytes.find(std::string_view("\x0a\x08location", 10)) != std::string_view::npos) {
      return unfit("its weights lie in other files: save it as one file");
    }
    MILLGATE_ASSIGN(const onnx::Library* library, onnx::load_library());
    const auto session = std::make_shared<Session>(*library);
    MILLGATE_TRY(session->load(bytes));
    MILLGATE_TRY(session->read_ports());
    MILLGATE_TRY(session->choose_inputs());
    MILLGATE_TRY(session->choose_output());
    // Once, so that what cannot run is known before anybody asks.
    std::vector<double> numbers;
    MILLGATE_TRY(session->run(std::vector<double>(session->feature_count_, 0.0).data(), numbers));
    session->number_count_ = numbers.size();
    return session;
  }

  explicit Session(const onnx::Library& library)
      : library_(library), f_(library.functions), session_(library.functions.ReleaseSession) {}

  [[nodiscard]] size_t feature_count() const { return feature_count_; }
  [[nodiscard]] const std::vector<Port>& inputs() const { return inputs_; }
  [[nodiscard]] bool is_matrix() const { return is_matrix_; }
  /// Of its output for a row.
  [[nodiscard]] size_t number_count() const { return number_count_; }

  /// The numbers of one row. Thread-safe.
  [[nodiscard]] Status run(const double* features, std::vector<double>& numbers) const {
    std::vector<char> cells(feature_count_ * 8);
    std::vector<Owned<onnx::Value>> values;
    std::vector<const onnx::Value*> pointers;
    std::vector<const char*> names;
    values.reserve(inputs_.size());
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const Port& port = inputs_[i];
      const size_t count = is_matrix_ ? feature_count_ : 1;
      const size_t size = bytes_of(port.type);
      char* const begin = cells.data() + i * 8;
      for (size_t j = 0; j < count; ++j) put(features[i + j], port.type, begin + j * size);
      const int64_t shape[] = {1, static_cast<int64_t>(count)};
      auto& value = values.emplace_back(f_.ReleaseValue);
      MILLGATE_TRY(library_.check(
          f_.CreateTensorWithDataAsOrtValue(library_.memory, begin, count * size, shape,
                                            port.shape.size(), port.type, value.out()),
          "take the features"));
      pointers.push_back(value.get());
      names.push_back(port.name.c_str());
    }
    Owned<onnx::Value> output(f_.ReleaseValue);
    const char* const output_name = output_.name.c_str();
    MILLGATE_TRY(library_.check(f_.Run(session_.get(), nullptr, names.data(), pointers.data(),
                                       pointers.size(), &output_name, 1, output.out()),
                                "run the model"));
    return read(output.get(), numbers);
  }

 private:
  Status load(std::string_view bytes) {
    Owned<onnx::SessionOptions> options(f_.ReleaseSessionOptions);
    MILLGATE_TRY(library_.check(f_.CreateSessionOptions(options.out()), "load the model"));
    constexpr int kFatalOnly = 4;
    MILLGATE_TRY(library_.check(f_.SetSessionLogSeverityLevel(options.get(), kFatalOnly), "load"));
    // Rows are run by whoever asks; threads of its own would only wait.
    MILLGATE_TRY(library_.check(f_.SetIntraOpNumThreads(options.get(), 1), "load the model"));
    MILLGATE_TRY(library_.check(f_.SetInterOpNumThreads(options.get(), 1), "load the model"));
    return library_.check(f_.CreateSessionFromArray(library_.environment, bytes.data(),
                                                    bytes.size(), options.get(), session_.out()),
                          "load the model");
  }

  template <typename GetName, typename GetType>
  Result<Port> read_port(size_t index, GetName get_name, GetType get_type) const {
    Port port;
    char* name = nullptr;
    MILLGATE_TRY(
        library_.check(get_name(session_.get(), index, library_.allocator, &name), "read names"));
    port.name = name;
    MILLGATE_TRY(library_.check(f_.AllocatorFree(library_.allocator, name), "read names"));
    Owned<onnx::TypeInfo> info(f_.ReleaseTypeInfo);
    MILLGATE_TRY(library_.check(get_type(session_.get(), index, info.out()), "read types"));
    MILLGATE_TRY(library_.check(f_.GetOnnxTypeFromTypeInfo(info.get(), &port.kind), "read types"));
    if (port.kind != ValueKind::tensor) return port;
    const onnx::TensorInfo* tensor = nullptr;  // Belongs to `info`.
    MILLGATE_TRY(library_.check(f_.CastTypeInfoToTensorInfo(info.get(), &tensor), "read types"));
    MILLGATE_TRY(library_.check(f_.GetTensorElementType(tensor, &port.type), "read types"));
    size_t dimensions = 0;
    MILLGATE_TRY(library_.check(f_.GetDimensionsCount(tensor, &dimensions), "read shapes"));
    port.shape.resize(dimensions);
    MILLGATE_TRY(
        library_.check(f_.GetDimensions(tensor, port.shape.data(), dimensions), "read shapes"));
    return port;
  }

  Status read_ports() {
    size_t count = 0;
    MILLGATE_TRY(library_.check(f_.SessionGetInputCount(session_.get(), &count), "count inputs"));
    for (size_t i = 0; i < count; ++i) {
      MILLGATE_ASSIGN(inputs_.emplace_back(),
                      read_port(i, f_.SessionGetInputName, f_.SessionGetInputTypeInfo));
    }
    MILLGATE_TRY(library_.check(f_.SessionGetOutputCount(session_.get(), &count), "count outputs"));
    for (size_t i = 0; i < count; ++i) {
      MILLGATE_ASSIGN(outputs_.emplace_back(),
                      read_port(i, f_.SessionGetOutputName, f_.SessionGetOutputTypeInfo));
    }
    return {};
  }

  Status choose_inputs() {
    if (inputs_.empty()) return unfit("it has no input");
    for (const Port& port : inputs_) {
      if (port.kind != ValueKind::tensor || !is_known(port.type)) {
        return unfit("its input `" + port.name + "` is not a tensor of numbers");
      }
      if (port.shape.empty() || port.shape.size() > 2 || port.shape[0] > 1) {
        return unfit("its input `" + port.name + "` does not take rows one by one");
      }
    }
    const std::vector<int64_t>& shape = inputs_[0].shape;
    is_matrix_ = inputs_.size() == 1 && shape.size() == 2;
    if (is_matrix_) {
      constexpr int64_t kFeaturesMax = 1 << 24;
      if (shape[1] < 1 || shape[1] > kFeaturesMax) {
        return unfit("it does not tell how many features its input `" + inputs_[0].name +
                     "` takes");
      }
      feature_count_ = static_cast<size_t>(shape[1]);
      return {};
    }
    feature_count_ = inputs_.size();
    for (const Port& port : inputs_) {
      if (port.shape.size() == 2 && port.shape[1] != 1) {
        return unfit("its input `" + port.name +
                     "` is one of several and takes more than a column");
      }
    }
    return {};
  }

  Status choose_output() {
    const auto fits = [](const Port& port) {
      return port.kind == ValueKind::tensor && is_fraction(port.type) && port.shape.size() <= 2;
    };
    const auto found = std::find_if(outputs_.rbegin(), outputs_.rend(), fits);
    if (found == outputs_.rend()) return unfit("none of its outputs is a tensor of numbers");
    output_ = *found;
    return {};
  }

  Status read(onnx::Value* output, std::vector<double>& numbers) const {
    Owned<onnx::TensorInfo> info(f_.ReleaseTensorTypeAndShapeInfo);
    MILLGATE_TRY(library_.check(f_.GetTensorTypeAndShape(output, info.out()), "read its output"));
    size_t count = 0;
    MILLGATE_TRY(
        library_.check(f_.GetTensorShapeElementCount(info.get(), &count), "read its output"));
    constexpr size_t kNumbersMax = 1000;
    if (count < 1 || count > kNumbersMax || (number_count_ != 0 && count != number_count_)) {
      return unfit("its output `" + output_.name + "` has " + std::to_string(count) +
                   " numbers for a row");
    }
    void* data = nullptr;
    MILLGATE_TRY(library_.check(f_.GetTensorMutableData(output, &data), "read its output"));
    numbers.resize(count);
    if (output_.type == ElementType::float64) {
      std::copy_n(static_cast<const double*>(data), count, numbers.begin());
    } else {
      std::copy_n(static_cast<const float*>(data), count, numbers.begin());
    }
    return {};
  }

  const onnx::Library& library_;
  const onnx::Functions& f_;
  Owned<onnx::Session> session_;
  std::vector<Port> inputs_, outputs_;
  Port output_;
  bool is_matrix_ = false;
  size_t feature_count_ = 0;
  size_t number_count_ = 0;  ///< 0: not known yet.
};

class OnnxScorer final : public Scorer {
 public:
  explicit OnnxScorer(std::shared_ptr<const Session> session) : session_(std::move(session)) {}

  [[nodiscard]] size_t feature_count() const override { return session_->feature_count(); }

  /// Of two numbers the second, the probability of yes.
  [[nodiscard]] size_t output_count() const override {
    return session_->number_count() == 2 ? 1 : session_->number_count();
  }

  void score(std::span<const double> features, std::span<double> out) const override {
    const size_t outputs = output_count();
    assert(features.size() * outputs == out.size() * feature_count());
    std::vector<double> numbers;
    for (size_t row = 0; row < out.size() / outputs; ++row) {
      const Status ran = session_->run(features.data() + row * feature_count(), numbers);
      const auto to = out.begin() + static_cast<std::ptrdiff_t>(row * outputs);
      if (ran.ok()) {
        std::copy_n(numbers.end() - static_cast<std::ptrdiff_t>(outputs), outputs, to);
      } else {
        std::fill_n(to, outputs, std::numeric_limits<double>::quiet_NaN());
      }
    }
  }

  [[nodiscard]] std::vector<double> importance() const override {
    return std::vector<double>(feature_count(), 0.0);  // It does not tell.
  }

  [[nodiscard]] std::string describe() const override {
    return "onnx, " + std::to_string(feature_count()) +
           (feature_count() == 1 ? " feature" : " features");
  }

 private:
  std::shared_ptr<const Session> session_;
};

}  // namespace

Result<std::shared_ptr<const Scorer>> load_onnx(std::string_view bytes) {
  MILLGATE_ASSIGN(const auto session, Session::open(bytes));
  return std::shared_ptr<const Scorer>(std::make_shared<OnnxScorer>(session));
}

Result<std::vector<std::string>> onnx_feature_names(std::string_view bytes) {
  MILLGATE_ASSIGN(const auto session, Session::open(bytes));
  std::vector<std::string> names;
  if (session->is_matrix()) return names;
  for (const Port& port : session->inputs()) names.push_back(port.name);
  return names;
}

}  // namespace millgate
