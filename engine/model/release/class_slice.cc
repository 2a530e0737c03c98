#include "model/release/class_slice.h"

#include <algorithm>

namespace millgate {

bool is_of_class(const Requirement& requirement, const std::vector<std::string>& classes) {
  if (requirement.where.size() != 1 || requirement.where.front().column != "class") return false;
  return std::find(classes.begin(), classes.end(), requirement.where.front().value) !=
         classes.end();
}

}  // namespace millgate
