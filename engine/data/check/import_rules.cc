#include "data/check/import_rules.h"

#include "data/check/dbt_rules.h"
#include "data/check/expectation_rules.h"
#include "data/check/imported_value.h"
#include "data/check/pandera_rules.h"
#include "ground/json.h"

namespace millgate {

Result<ImportedRules> import_rules(std::string_view text, const std::string& table) {
  const char* hint =
      "give a suite of Great Expectations, what Pandera's `to_json` writes, or dbt's "
      "target/manifest.json";
  auto parsed = parse_json(text, "the file");
  if (!parsed.ok()) return invalid_input(parsed.error().what, hint);
  const Json* expectations = member(*parsed, "expectations");
  const Json* columns = member(*parsed, "columns");
  const Json* nodes = member(*parsed, "nodes");
  ImportedRules out;
  if (expectations != nullptr && expectations->is_array()) {
    out.tool = "Great Expectations";
    import_expectations(*expectations, table, out);
  } else if (columns != nullptr && columns->is_object()) {
    out.tool = "Pandera";
    import_pandera(*parsed, table, out);
  } else if (nodes != nullptr && nodes->is_object()) {
    out.tool = "dbt";
    MILLGATE_TRY(import_dbt(*parsed, table, out));
  } else {
    return invalid_input("the file has neither `expectations` nor `columns` nor `nodes`", hint);
  }
  return out;
}

}  // namespace millgate
