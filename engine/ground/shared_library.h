/// A shared library that is loaded when it is first needed. Most commands need none of the large
/// ones, and pay nothing for them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// One library; stays loaded until the process ends, since its threads may run until then.
class SharedLibrary {
 public:
  /// Loads the file of that name from lib/ beside the program or one folder above, which is where
  /// the installation has it, or else from where the system's loader finds it. `product` is what
  /// users know it by. A file that is there but cannot be loaded is not passed over.
  ///
  /// Errors: `outside`, with the places that were tried and what the loader says.
  [[nodiscard]] static Result<SharedLibrary> open(std::string product, const std::string& file);
  /// The same, looking into `folders` instead.
  [[nodiscard]] static Result<SharedLibrary> open_in(const std::vector<std::string>& folders,
                                                     std::string product, const std::string& file);

  /// Sets `function` to the function of that name. Its type is the caller's promise: take it from
  /// the library's own header, `decltype(&name)`.
  ///
  /// Errors: `outside` when the library has none of that name, as another version of it may not.
  template <typename Function>
  [[nodiscard]] Status find(const char* name, Function*& function) const {
    MILLGATE_ASSIGN(void* const address, find_address(name));
    function = reinterpret_cast<Function*>(address);
    return {};
  }

  /// That it is another version than this program was built for, and what to do.
  [[nodiscard]] Error unfit(const std::string& fault) const;

 private:
  SharedLibrary(std::string product, std::string file, void* handle)
      : product_(std::move(product)), file_(std::move(file)), handle_(handle) {}
  [[nodiscard]] Result<void*> find_address(const char* name) const;

  std::string product_;
  std::string file_;
  void* handle_;
};

}  // namespace millgate
