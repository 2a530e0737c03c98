#include <memory>

#include "app/commands.h"
#include "app/going_live.h"

namespace millgate {

void add_release(const Command& program, Session& session) {
  auto options = std::make_shared<GoingLive>();
  const Command command = program.add_command("release", "let a model go live that passed the gate",
                                              "millgate release latest");
  command.add_option("model", options->model, "id, version, alias or `latest`").shows_default();
  add_override_options(command, *options);
  command.does([&session, options] { return go_live(session, *options); });
}

}  // namespace millgate
