# Libraries that come as Debian packages (scripts/packages), as targets.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(date REQUIRED)
# Boost.Beast has bugs in 1.74, Debian's default; headers only.
find_package(Boost 1.81 REQUIRED)

find_path(MILLGATE_TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)

# PostgreSQL's client library: the header alone; the library is loaded when it is needed.
find_path(MILLGATE_LIBPQ_INCLUDE_DIR libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
add_library(PostgreSQL::headers INTERFACE IMPORTED GLOBAL)
target_include_directories(PostgreSQL::headers INTERFACE "${MILLGATE_LIBPQ_INCLUDE_DIR}")

# libcurl: the same.
find_path(MILLGATE_CURL_INCLUDE_DIR curl/curl.h REQUIRED)
add_library(CURL::headers INTERFACE IMPORTED GLOBAL)
target_include_directories(CURL::headers INTERFACE "${MILLGATE_CURL_INCLUDE_DIR}")

find_path(MILLGATE_LMDB_INCLUDE_DIR lmdb.h REQUIRED)
find_library(MILLGATE_LMDB_LIBRARY lmdb REQUIRED)
add_library(LMDB::lmdb INTERFACE IMPORTED GLOBAL)
target_include_directories(LMDB::lmdb INTERFACE "${MILLGATE_LMDB_INCLUDE_DIR}")
target_link_libraries(LMDB::lmdb INTERFACE "${MILLGATE_LMDB_LIBRARY}")

find_path(MILLGATE_NGHTTP2_INCLUDE_DIR nghttp2/nghttp2.h REQUIRED)
find_library(MILLGATE_NGHTTP2_LIBRARY nghttp2 REQUIRED)
add_library(Nghttp2::nghttp2 INTERFACE IMPORTED GLOBAL)
target_include_directories(Nghttp2::nghttp2 INTERFACE "${MILLGATE_NGHTTP2_INCLUDE_DIR}")
target_link_libraries(Nghttp2::nghttp2 INTERFACE "${MILLGATE_NGHTTP2_LIBRARY}")

find_path(MILLGATE_PROTOZERO_INCLUDE_DIR protozero/pbf_reader.hpp REQUIRED)
