/// POST /rollback: back to the model before, or to a named one, in the middle of the night.
#pragma once

#include <string>

#include "ground/error.h"
#include "ground/ledger.h"
#include "model/release/registry.h"
#include "system/serve/message.h"

namespace millgate {

/// Who may, and where.
struct RollbackAccess {
  Ledger* ledger = nullptr;      ///< Null: this server follows none, and nobody may.
  std::string environment = {};  ///< Key.
  /// Asked for as `Authorization: Bearer`. Empty: who calls from this machine may, unless a proxy
  /// passed the call on.
  std::string token = {};
};

/// Whether `request` brings the token of `access`. False where there is none.
[[nodiscard]] bool has_operator_token(const RollbackAccess& access, const HttpRequest& request);

/// Reads {"reason": "...", "by": "...", "to": "v1"}, where `to` may be missing, and rolls back.
/// `caller` is the name of a token that was found to be good for it, and stays in the ledger;
/// empty: `access` tells who may. Errors: `refused` for who may not, and those of `roll_back`;
/// `invalid_input` for a body that is none, with what is missing.
[[nodiscard]] Result<Serving> answer_rollback(const RollbackAccess& access,
                                              const HttpRequest& request,
                                              const std::string& caller = {});

}  // namespace millgate
