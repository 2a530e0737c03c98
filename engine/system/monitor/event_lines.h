/// Events of KServe's logger (CloudEvents, one JSON object a line) as rows.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// Files to read instead of those given, and what was odd about the events.
struct UnfoldedEvents {
  std::vector<std::string> paths;
  std::vector<std::string> notes;
  UnfoldedEvents() = default;
  UnfoldedEvents(UnfoldedEvents&&) = default;
  UnfoldedEvents& operator=(UnfoldedEvents&&) = default;
  UnfoldedEvents(const UnfoldedEvents&) = delete;
  UnfoldedEvents& operator=(const UnfoldedEvents&) = delete;
  ~UnfoldedEvents();  ///< Removes what was written.

  std::vector<std::string> written;  ///< In the scratch folder.
};

/// Where the first line of a file of JSON lines is a CloudEvent (it has `specversion`), the
/// requests and responses of the file that have one `id` become rows, written as JSON lines to
/// `scratch`: `prediction_id` (the id, with `/1`, `/2` behind it for several rows), `row_time`,
/// `model` is left to the caller, the inputs by their names, `probability` from the response. Both
/// protocols of inference are known: `instances` and `predictions`, `inputs` and `outputs`. Values
/// without a name are called `input_0`, `input_1`. Other files are passed on.
///
/// Told in the notes: requests without a response, responses without a request, events of other
/// types. Errors: `invalid_input` with file and line for a line that is no event; `outside`.
[[nodiscard]] Result<UnfoldedEvents> unfold_events(const std::vector<std::string>& paths,
                                                   const std::string& scratch);

}  // namespace millgate
