#include "system/monitor/event_lines.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include "ground/file_store.h"
#include "ground/json.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

/// Both halves of one call.
struct Call {
  std::string time;
  Json request, response;  ///< Null: not seen.
};

bool is_event(const Json& json) { return json.is_object() && json.contains("specversion"); }

/// Whether the first line that is not empty holds an event.
bool begins_with_event(const std::string& path) {
  if (!path.ends_with(".jsonl") && !path.ends_with(".ndjson")) return false;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty()) continue;
    const auto json = parse_json(line, path);
    return json && is_event(*json);
  }
  return false;
}

/// One column of a request: a value a row.
using Inputs = std::vector<std::pair<std::string, std::vector<Json>>>;

void add_cell(Inputs& inputs, const std::string& name, size_t row, Json value) {
  for (auto& [known, values] : inputs) {
    if (known != name) continue;
    values.resize(row, nullptr);
    values.push_back(std::move(value));
    return;
  }
  inputs.push_back({name, std::vector<Json>(row, nullptr)});
  inputs.back().second.push_back(std::move(value));
}

Inputs inputs_of_instances(const Json& instances) {
  Inputs inputs;
  for (size_t row = 0; row < instances.size(); ++row) {
    const Json& one = instances[row];
    if (one.is_object()) {
      for (const auto& [name, value] : one.items()) add_cell(inputs, name, row, value);
    } else if (one.is_array()) {
      for (size_t at = 0; at < one.size(); ++at) {
        add_cell(inputs, "input_" + std::to_string(at), row, one[at]);
      }
    } else {
      add_cell(inputs, "input_0", row, one);
    }
  }
  return inputs;
}

/// The values of a tensor, which may be nested, in order.
void flatten(const Json& data, std::vector<Json>& out) {
  if (!data.is_array()) {
    out.push_back(data);
    return;
  }
  for (const Json& one : data) flatten(one, out);
}

/// Rows and columns of a tensor of open inference; rows of 0: the shape does not fit the data.
struct Tensor {
  std::string name;
  size_t rows = 0, width = 0;
  std::vector<Json> values;
};

Tensor tensor_of(const Json& json) {
  Tensor tensor;
  if (!json.is_object() || !json.contains("data")) return tensor;
  tensor.name = json.value("name", "");
  flatten(json["data"], tensor.values);
  const auto shape = json.find("shape");
  if (shape == json.end() || !shape->is_array() || shape->empty() ||
      !(*shape)[0].is_number_unsigned()) {
    return tensor;
  }
  const auto rows = (*shape)[0].get<size_t>();
  if (rows == 0 || tensor.values.size() % rows != 0) return tensor;
  tensor.rows = rows;
  tensor.width = tensor.values.size() / rows;
  return tensor;
}

std::optional<Inputs> inputs_of(const Json& request) {
  if (request.contains("instances") && request["instances"].is_array()) {
    return inputs_of_instances(request["instances"]);
  }
  if (!request.contains("inputs") || !request["inputs"].is_array()) return std::nullopt;
  Inputs inputs;
  for (const Json& one : request["inputs"]) {
    const Tensor tensor = tensor_of(one);
    if (tensor.rows == 0) return std::nullopt;
    for (size_t row = 0; row < tensor.rows; ++row) {
      for (size_t at = 0; at < tensor.width; ++at) {
        const std::string name =
            tensor.width == 1 ? tensor.name : tensor.name + "_" + std::to_string(at);
        add_cell(inputs, name, row, tensor.values[row * tensor.width + at]);
      }
    }
  }
  return inputs;
}

/// The probability of "yes" among the numbers of one row: the only one, or the second of two.
Json score_of(const Json& row) {
  if (row.is_number()) return row;
  if (row.is_array() && (row.size() == 1 || row.size() == 2)) return score_of(row.back());
  if (row.is_object()) {
    for (const char* name : {"probability", "value", "score", "prediction"}) {
      if (row.contains(name)) return score_of(row[name]);
    }
  }
  return nullptr;
}

std::vector<Json> scores_of(const Json& response) {
  std::vector<Json> scores;
  if (response.contains("predictions") && response["predictions"].is_array()) {
    for (const Json& row : response["predictions"]) scores.push_back(score_of(row));
    return scores;
  }
  if (!response.contains("outputs") || !response["outputs"].is_array()) return scores;
  const Json* chosen = nullptr;
  for (const Json& output : response["outputs"]) {
    const std::string name = output.is_object() ? output.value("name", "") : "";
    if (chosen == nullptr || name == "probability" || name == "value") chosen = &output;
  }
  if (chosen == nullptr) return scores;
  const Tensor tensor = tensor_of(*chosen);
  if (tensor.width != 1 && tensor.width != 2) return scores;
  for (size_t row = 0; row < tensor.rows; ++row) {
    scores.push_back(tensor.values[row * tensor.width + tensor.width - 1]);
  }
  return scores;
}

struct Counts {
  int64_t unanswered = 0, unasked = 0, other = 0, unreadable = 0;
};

Result<std::map<std::string, Call>> read_calls(const std::string& path, Counts& counts) {
  MILLGATE_ASSIGN(const std::string text, read_file(path));
  std::map<std::string, Call> calls;
  size_t number = 0;
  for (size_t at = 0; at < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = path + ":" + std::to_string(number + 1);
    const auto json = parse_json(line, where);
    if (!json || !is_event(*json) || !json->contains("id") || !(*json)["id"].is_string()) {
      return Error{.code = ErrorCode::invalid_input,
                   .what = "the line is no CloudEvent with an id",
                   .where = where,
                   .hint = "one event a line, as KServe's logger sends it"};
    }
    const std::string type = json->value("type", "");
    const bool asks = type.ends_with(".request");
    if (!asks && !type.ends_with(".response")) {
      ++counts.other;
      continue;
    }
    Json data = json->value("data", Json());
    if (data.is_string()) {
      if (const auto inner = parse_json(data.get<std::string>(), where)) data = *inner;
    }
    if (!data.is_object()) {
      ++counts.unreadable;
      continue;
    }
    Call& call = calls[(*json)["id"].get<std::string>()];
    if (asks || call.time.empty()) call.time = json->value("time", "");
    (asks ? call.request : call.response) = std::move(data);
  }
  return calls;
}

/// The rows of one call as lines; nothing when request and response do not fit.
bool append_rows(const std::string& id, const Call& call, std::string& out) {
  const auto inputs = inputs_of(call.request);
  const std::vector<Json> scores = scores_of(call.response);
  if (!inputs || scores.empty()) return false;
  for (const auto& [name, values] : *inputs) {
    if (values.size() > scores.size()) return false;
  }
  for (size_t row = 0; row < scores.size(); ++row) {
    Json line = {{"prediction_id", scores.size() == 1 ? id : id + "/" + std::to_string(row + 1)},
                 {"row_time", call.time},
                 {"probability", scores[row]}};
    for (const auto& [name, values] : *inputs) {
      line[line.contains(name) ? "input." + name : name] =
          row < values.size() ? values[row] : Json(nullptr);
    }
    out += dump_json(line) + "\n";
  }
  return true;
}

void tell(const Counts& counts, const std::string& path, std::vector<std::string>& notes) {
  const auto add = [&](int64_t count, const std::string& noun, const std::string& why) {
    if (count > 0) notes.push_back(path + ": " + count_of(count, noun) + " left out: " + why);
  };
  add(counts.unanswered, "request", "no response has its id");
  add(counts.unasked, "response", "no request has its id");
  add(counts.other, "event", "neither request nor response");
  add(counts.unreadable, "event", "data that are no inputs, or no number a row");
}

}  // namespace

UnfoldedEvents::~UnfoldedEvents() {
  for (const std::string& path : written) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
}

Result<UnfoldedEvents> unfold_events(const std::vector<std::string>& paths,
                                     const std::string& scratch) {
  UnfoldedEvents unfolded;
  for (const std::string& path : paths) {
    if (!begins_with_event(path)) {
      unfolded.paths.push_back(path);
      continue;
    }
    Counts counts;
    MILLGATE_ASSIGN(const auto calls, read_calls(path, counts));
    std::string lines;
    for (const auto& [id, call] : calls) {
      if (call.response.is_null()) {
        ++counts.unanswered;
      } else if (call.request.is_null()) {
        ++counts.unasked;
      } else if (!append_rows(id, call, lines)) {
        ++counts.unreadable;
      }
    }
    tell(counts, path, unfolded.notes);
    if (lines.empty()) {
      return invalid_input("`" + path + "` holds no request with its response",
                           "log both: `mode: all` in the logger of the InferenceService");
    }
    unfolded.written.push_back(scratch + "/events-" + std::to_string(::getpid()) + "-" +
                               std::to_string(unfolded.written.size()) + ".jsonl");
    MILLGATE_TRY(write_file(unfolded.written.back(), lines));
    unfolded.paths.push_back(unfolded.written.back());
  }
  return unfolded;
}

}  // namespace millgate
