#include "ground/ledger_copy.h"

#include "ground/sqlite.h"

namespace millgate {

Status copy_ledger(const std::string& from, const std::string& to) {
  MILLGATE_ASSIGN(const auto source, sqlite::Connection::open(from, "ledger `" + from + "`"));
  MILLGATE_ASSIGN(const auto target, sqlite::Connection::open(to, "copy `" + to + "`"));
  return source.copy_to(target);
}

}  // namespace millgate
