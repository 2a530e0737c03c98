// Writes the part of the browser's evaluator that is made from the table of functions: see
// evaluator.cmake.
#include <fstream>

#include "data/feature/evaluator_source.h"

int main(int count, char** arguments) {
  if (count != 2) return 2;
  std::ofstream file(arguments[1], std::ios::binary);
  file << millgate::evaluator_source();
  return file.flush() ? 0 : 3;
}
