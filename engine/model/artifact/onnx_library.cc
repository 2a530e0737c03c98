#include "model/artifact/onnx_library.h"

#include <string>

#include "ground/shared_library.h"

namespace millgate::onnx {
namespace {

/// What the library's only entry gives (OrtApiBase).
struct Base {
  const void* (*table)(uint32_t version);
  const char* (*version)();
};

constexpr int kErrorsOnly = 3;  ///< The engine does not print; what fails is told as an error.

Result<Library> open_library() {
  MILLGATE_ASSIGN(const SharedLibrary file,
                  SharedLibrary::open("ONNX Runtime", "libonnxruntime.so"));
  const Base* (*entry)() = nullptr;
  MILLGATE_TRY(file.find("OrtGetApiBase", entry));
  const Base* const base = entry();
  const void* const table = base == nullptr ? nullptr : base->table(kTableVersion);
  if (table == nullptr) {
    return file.unfit("version " + std::string(base == nullptr ? "?" : base->version()) +
                      " has not version " + std::to_string(kTableVersion) + " of its interface");
  }
  Library library;
  library.version = base->version();
  const auto* const places = static_cast<const void* const*>(table);
#define MILLGATE_ONNX_TAKE(place, name, ...) \
  library.functions.name =                   \
      reinterpret_cast<Entry<__VA_ARGS__>::Pointer>(const_cast<void*>(places[place]));
  MILLGATE_ONNX_FUNCTIONS(MILLGATE_ONNX_TAKE)
#undef MILLGATE_ONNX_TAKE
  const Functions& f = library.functions;
  MILLGATE_TRY(library.check(f.CreateEnv(kErrorsOnly, "millgate", &library.environment), "start"));
  MILLGATE_TRY(library.check(f.DisableTelemetryEvents(library.environment), "start"));
  MILLGATE_TRY(library.check(f.GetAllocatorWithDefaultOptions(&library.allocator), "start"));
  constexpr int kArena = 1;
  constexpr int kDefault = 0;
  MILLGATE_TRY(library.check(f.CreateCpuMemoryInfo(kArena, kDefault, &library.memory), "start"));
  return library;
}

}  // namespace

::millgate::Status Library::check(Status* status, const char* action) const {
  if (status == nullptr) return {};
  const std::string said = functions.GetErrorMessage(status);
  functions.ReleaseStatus(status);
  return invalid_input("ONNX Runtime cannot " + std::string(action) + ": " +
                       said.substr(0, said.find('\n')));
}

Result<const Library*> load_library() {
  static const Result<Library> loaded = open_library();
  if (!loaded) return loaded.error();
  return &*loaded;
}

}  // namespace millgate::onnx
