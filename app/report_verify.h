/// `millgate report verify`.
#pragma once

#include "app/command.h"
#include "app/session.h"

namespace millgate {

void add_report_verify(const Command& report, Session& session);

}  // namespace millgate
