#include <memory>

#include "app/commands.h"
#include "app/going_live.h"

namespace millgate {

void add_promote(const Command& program, Session& session) {
  auto options = std::make_shared<GoingLive>();
  const Command command =
      program.add_command("promote", "let a model go live in an environment, by what it asks for",
                          "millgate promote challenger --to staging");
  command.add_option("model", options->model, "id, version, alias, environment or `latest`")
      .shows_default();
  command.add_option("--to", options->environment, "an [[environment]] of the project file")
      .required();
  add_override_options(command, *options);
  command.does([&session, options] { return go_live(session, *options); });
}

}  // namespace millgate
