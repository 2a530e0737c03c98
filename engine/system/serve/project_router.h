/// Which project of a server a request is for.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ground/clock.h"
#include "system/serve/hosted_project.h"
#include "system/serve/message.h"
#include "system/serve/routes.h"
#include "system/serve/tracer.h"

namespace millgate {

/// `/projects/NAME/...` are all routes of that project. Without such a beginning a request is for
/// the project whose model its path, or its message of gRPC, names; one that names none is about
/// the whole server, or, where there is one project, for that.
///
/// With a budget, models of projects that were not asked for the longest let their memory go until
/// they are asked for again. Thread-safe.
class ProjectRouter {
 public:
  /// At least one project; the tokens of the first one count for what is about the whole server.
  /// `memory_max`: bytes of artifacts of models that are kept in memory; 0: without a bound.
  ProjectRouter(std::vector<std::unique_ptr<HostedProject>> projects, Tracer* tracer,
                const Clock& clock, int64_t memory_max);
  ProjectRouter(const ProjectRouter&) = delete;
  ProjectRouter& operator=(const ProjectRouter&) = delete;

  /// Never fails: errors are answers.
  [[nodiscard]] HttpResponse answer(const HttpRequest& request);
  /// Whether answering takes long; see Routes.
  [[nodiscard]] bool is_slow(const HttpRequest& request) const;
  [[nodiscard]] std::string metrics_text() const { return whole_->metrics_text(); }
  [[nodiscard]] const std::vector<std::unique_ptr<HostedProject>>& projects() const {
    return projects_;
  }

 private:
  /// Nothing where no project of the server is called so.
  [[nodiscard]] std::optional<size_t> find(std::string_view name) const;
  /// Nothing where the request names none.
  [[nodiscard]] std::optional<size_t> project_of(const HttpRequest& request) const;
  [[nodiscard]] HttpResponse answer_of(size_t project, const HttpRequest& request);
  /// Puts models to sleep until the budget is kept; never that of `kept`.
  void make_room(size_t kept);

  std::vector<std::unique_ptr<HostedProject>> projects_;
  std::unordered_map<std::string, size_t, NameHash, std::equal_to<>> by_name_;
  const Clock& clock_;
  int64_t memory_max_;
  std::vector<std::unique_ptr<Routes>> routes_;  ///< As `projects_`.
  std::unique_ptr<Routes> whole_;                ///< Of the whole server.
  std::mutex making_room_;
};

}  // namespace millgate
