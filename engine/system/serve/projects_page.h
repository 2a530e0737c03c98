/// The front page of a server with several projects.
#pragma once

#include <string>

namespace millgate {

/// HTML that lists what GET / tells as JSON, with a way to each project's own page. The same for
/// every server.
[[nodiscard]] std::string projects_page();

}  // namespace millgate
