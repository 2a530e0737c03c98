#include "app/export_c.h"

#include <iostream>

#include "app/output_file.h"
#include "app/text_table.h"
#include "ground/file_store.h"
#include "model/artifact/c_model.h"
#include "model/release/model_name.h"
#include "system/monitor/wording.h"

namespace millgate {

Result<int> export_c(const Session& session, const CExportOptions& options) {
  const bool to_output = options.file == "-";
  if (to_output && session.json) {
    return invalid_input("`--json` and the source would both go to standard output",
                         "name a file, or leave `--json` out");
  }
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  const std::string name = options.model.empty() ? "serving" : options.model;
  MILLGATE_ASSIGN(const Id id, resolve_model(repository->ledger(), name));
  MILLGATE_ASSIGN(const CModel model, write_c_model(repository->objects(), id));
  if (to_output) {
    std::cout << model.source;
    return kDone;
  }
  MILLGATE_TRY(check_free(options.file, options.force));
  MILLGATE_TRY(write_file(options.file, model.source));
  if (session.json) {
    print_json({{"model", id.hex()},
                {"file", options.file},
                {"prefix", model.prefix},
                {"scorer", model.scorer},
                {"input_count", model.input_count},
                {"feature_count", model.feature_count},
                {"table_bytes", model.table_bytes},
                {"makes_text", model.makes_text}});
    return kDone;
  }
  std::cout << "model " << id.brief() << " (" << model.scorer << ") in " << options.file << ": "
            << count_of(model.input_count, "input") << ", "
            << count_of(model.feature_count, "feature") << ", tables of "
            << byte_size(model.table_bytes) << ", no heap\n"
            << "  " << model.prefix << "_predict(&row, &prediction) predicts one row\n";
  return kDone;
}

}  // namespace millgate
