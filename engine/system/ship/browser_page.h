/// One HTML file that predicts in a browser: no network, no server, no other file.
/// docs/guides/browser.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "model/artifact/model.h"

namespace millgate {

struct BrowserPage {
  std::string html;
  int64_t model_bytes = 0;  ///< The packed model in it.
  std::string scorer;       ///< Scorer::describe: "gbdt, 120 trees, 31 leaves".
};

/// Same model, same bytes. Errors: as pack_model (model/artifact/packed_model.h).
[[nodiscard]] Result<BrowserPage> make_browser_page(const ObjectStore& objects,
                                                    const std::shared_ptr<const Model>& model);

}  // namespace millgate
