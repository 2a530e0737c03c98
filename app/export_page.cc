#include "app/export_page.h"

#include <iostream>

#include "app/output_file.h"
#include "app/text_table.h"
#include "ground/file_store.h"
#include "model/release/model_name.h"
#include "system/monitor/wording.h"
#include "system/ship/browser_page.h"

namespace millgate {

Result<int> export_page(const Session& session, const PageExportOptions& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  const std::string name = options.model.empty() ? "serving" : options.model;
  MILLGATE_ASSIGN(const Id id, resolve_model(repository->ledger(), name));
  MILLGATE_ASSIGN(const auto model, Model::load_of_one_number(repository->objects(), id));
  MILLGATE_ASSIGN(const BrowserPage page, make_browser_page(repository->objects(), model));
  MILLGATE_TRY(check_free(options.file, options.force));
  MILLGATE_TRY(write_file(options.file, page.html));
  const auto input_count = static_cast<int64_t>(model->features().inputs().size());
  const auto feature_count = static_cast<int64_t>(model->features().features().size());
  const auto size_bytes = static_cast<int64_t>(page.html.size());
  if (session.json) {
    print_json({{"model", id.hex()},
                {"file", options.file},
                {"scorer", page.scorer},
                {"input_count", input_count},
                {"feature_count", feature_count},
                {"model_bytes", page.model_bytes},
                {"size_bytes", size_bytes}});
    return kDone;
  }
  std::cout << "model " << id.brief() << " (" << page.scorer << ") in " << options.file << ": "
            << count_of(input_count, "input") << ", " << count_of(feature_count, "feature") << ", "
            << byte_size(size_bytes) << "\n  open it in a browser; it needs no network\n";
  return kDone;
}

}  // namespace millgate
