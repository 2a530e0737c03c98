#include "app/export_onnx.h"

#include <filesystem>
#include <iostream>

#include "app/text_table.h"
#include "ground/file_store.h"
#include "model/artifact/fused_onnx.h"
#include "model/release/model_name.h"
#include "system/monitor/wording.h"

namespace millgate {

Result<int> export_onnx(const Session& session, const OnnxExportOptions& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  const std::string name = options.model.empty() ? "serving" : options.model;
  MILLGATE_ASSIGN(const Id id, resolve_model(repository->ledger(), name));
  MILLGATE_ASSIGN(const FusedOnnx model, write_fused_onnx(repository->objects(), id));
  std::error_code unknown;
  if (!options.force && std::filesystem::is_regular_file(options.file, unknown)) {
    Error error =
        invalid_input("`" + options.file + "` exists already", "`--force` writes over it");
    error.code = ErrorCode::conflict;
    return error;
  }
  MILLGATE_TRY(write_file(options.file, model.bytes));
  if (session.json) {
    print_json({{"model", id.hex()},
                {"file", options.file},
                {"scorer", model.scorer},
                {"input_count", model.input_count},
                {"feature_count", model.feature_count},
                {"node_count", model.node_count},
                {"size_bytes", model.bytes.size()}});
    return kDone;
  }
  std::cout << "model " << id.brief() << " (" << model.scorer << ") in " << options.file << ": "
            << count_of(model.input_count, "input") << ", "
            << count_of(model.feature_count, "feature") << ", "
            << count_of(model.node_count, "node") << ", "
            << byte_size(static_cast<int64_t>(model.bytes.size())) << '\n';
  return kDone;
}

}  // namespace millgate
