#include "ground/curl_library.h"

#include <cassert>

#include "ground/shared_library.h"

namespace millgate {

namespace {

CurlFunctions curl_functions;

Status start_curl() {
  auto library = SharedLibrary::open("libcurl", "libcurl.so.4");
  if (!library.ok()) {
    Error error = std::move(library).error();
    error.hint = "install it, on Debian and Ubuntu: apt-get install libcurl4";
    return error;
  }
#define MILLGATE_CURL_FIND(name) MILLGATE_TRY(library->find("curl_" #name, curl_functions.name));
  MILLGATE_CURL_FUNCTIONS(MILLGATE_CURL_FIND)
#undef MILLGATE_CURL_FIND
  if (curl_functions.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return library->unfit("it does not start");
  }
  return {};
}

}  // namespace

Status load_curl() {
  static const Status loaded = start_curl();
  return loaded;
}

const CurlFunctions& curl() {
  assert(curl_functions.easy_init != nullptr);
  return curl_functions;
}

}  // namespace millgate
