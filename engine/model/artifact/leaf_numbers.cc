#include "model/artifact/leaf_numbers.h"

#include "model/artifact/tree_ensemble.h"
#include "model/artifact/tree_steps.h"

namespace millgate {

Result<LeafNumbers> LeafNumbers::read(std::string_view text) {
  MILLGATE_ASSIGN(const Trees trees, read_lightgbm_trees(text));
  return LeafNumbers(trees);
}

LeafNumbers::LeafNumbers(const Trees& trees)
    : steps_(std::make_shared<const TreeSteps>(trees)), feature_count_(trees.feature_count) {}

size_t LeafNumbers::tree_count() const { return steps_->roots().size(); }

size_t LeafNumbers::number_end() const { return steps_->steps().size(); }

double LeafNumbers::value(uint32_t number) const { return steps_->leaves()[number]; }

std::vector<uint32_t> LeafNumbers::of_rows(std::span<const double> features) const {
  const size_t rows = features.size() / feature_count_;
  std::vector<uint32_t> numbers;
  numbers.reserve(rows * tree_count());
  std::vector<TreeSteps::Cell> cells(steps_->cell_count());
  const uint32_t* words = steps_->words().data();
  for (size_t row = 0; row < rows; ++row) {
    steps_->read_row(features.data() + row * feature_count_, cells.data());
    for (uint32_t at : steps_->roots()) {
      // A leaf is a step to itself.
      while (steps_->steps()[at].left != at) {
        const TreeSteps::Step& step = steps_->steps()[at];
        at = step.left + TreeSteps::goes_right(step, cells.data(), words);
      }
      numbers.push_back(at);
    }
  }
  return numbers;
}

}  // namespace millgate
