/// The functions of libcurl, loaded when the first address is asked: it brings 28 libraries
/// (TLS, LDAP, Kerberos, SSH), a fifth of the start of a command, and most commands ask none.
/// Include in .cc files only; nothing else calls libcurl.
#pragma once

#include <curl/curl.h>

#include "ground/error.h"

/// Each function that Millgate calls, without "curl_".
#define MILLGATE_CURL_FUNCTIONS(F) \
  F(easy_cleanup)                  \
  F(easy_getinfo)                  \
  F(easy_init)                     \
  F(easy_perform)                  \
  F(easy_reset)                    \
  F(easy_setopt)                   \
  F(easy_strerror)                 \
  F(global_init)                   \
  F(slist_append)                  \
  F(slist_free_all)

namespace millgate {

/// Types as curl.h declares them.
struct CurlFunctions {
#define MILLGATE_CURL_MEMBER(name) decltype(&::curl_##name) name = nullptr;
  MILLGATE_CURL_FUNCTIONS(MILLGATE_CURL_MEMBER)
#undef MILLGATE_CURL_MEMBER
};

/// Loads and starts the library at the first call; later ones give the same answer. Thread-safe.
///
/// Errors: `outside` when it is missing or broken.
[[nodiscard]] Status load_curl();

/// After load_curl() succeeded: `curl().easy_init()` calls `curl_easy_init`. Thread-safe.
[[nodiscard]] const CurlFunctions& curl();

}  // namespace millgate
