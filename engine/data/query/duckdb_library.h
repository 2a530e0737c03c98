/// The functions of DuckDB's C interface, loaded when the first database is opened.
/// Include in .cc files only; nothing else calls DuckDB.
#pragma once

#include <duckdb.h>

#include "ground/error.h"

/// Each function that Millgate calls, without "duckdb_".
#define MILLGATE_DUCKDB_FUNCTIONS(F)             \
  F(library_version)                             \
  F(append_data_chunk)                           \
  F(appender_close)                              \
  F(appender_create)                             \
  F(appender_destroy)                            \
  F(appender_error_data)                         \
  F(bind_add_result_column)                      \
  F(bind_get_extra_info)                         \
  F(bind_get_parameter)                          \
  F(bind_set_bind_data)                          \
  F(bind_set_cardinality)                        \
  F(bind_set_error)                              \
  F(close)                                       \
  F(column_count)                                \
  F(column_logical_type)                         \
  F(column_name)                                 \
  F(connect)                                     \
  F(create_config)                               \
  F(create_array_type)                           \
  F(create_decimal_type)                         \
  F(create_list_type)                            \
  F(create_logical_type)                         \
  F(create_map_type)                             \
  F(create_struct_type)                          \
  F(create_table_function)                       \
  F(data_chunk_from_arrow)                       \
  F(data_chunk_get_vector)                       \
  F(data_chunk_set_size)                         \
  F(data_chunk_to_arrow)                         \
  F(destroy_arrow_converted_schema)              \
  F(destroy_arrow_options)                       \
  F(destroy_config)                              \
  F(destroy_data_chunk)                          \
  F(destroy_error_data)                          \
  F(destroy_extracted)                           \
  F(destroy_logical_type)                        \
  F(destroy_pending)                             \
  F(destroy_prepare)                             \
  F(destroy_result)                              \
  F(destroy_table_function)                      \
  F(destroy_value)                               \
  F(disconnect)                                  \
  F(error_data_has_error)                        \
  F(error_data_message)                          \
  F(execute_pending)                             \
  F(extract_statements)                          \
  F(extract_statements_error)                    \
  F(fetch_chunk)                                 \
  F(free)                                        \
  F(function_get_init_data)                      \
  F(function_get_local_init_data)                \
  F(function_set_error)                          \
  F(get_int64)                                   \
  F(init_get_bind_data)                          \
  F(init_get_column_count)                       \
  F(init_get_column_index)                       \
  F(init_get_extra_info)                         \
  F(init_set_error)                              \
  F(init_set_init_data)                          \
  F(init_set_max_threads)                        \
  F(open_ext)                                    \
  F(pending_error)                               \
  F(pending_prepared_streaming)                  \
  F(prepare_error)                               \
  F(prepare_extracted_statement)                 \
  F(prepared_statement_type)                     \
  F(register_table_function)                     \
  F(result_error)                                \
  F(result_get_arrow_options)                    \
  F(schema_from_arrow)                           \
  F(set_config)                                  \
  F(table_function_add_parameter)                \
  F(table_function_set_bind)                     \
  F(table_function_set_extra_info)               \
  F(table_function_set_function)                 \
  F(table_function_set_init)                     \
  F(table_function_set_local_init)               \
  F(table_function_set_name)                     \
  F(table_function_supports_projection_pushdown) \
  F(to_arrow_schema)                             \
  F(vector_reference_vector)

namespace millgate {

/// Types as duckdb.h declares them.
struct DuckdbFunctions {
#define MILLGATE_DUCKDB_MEMBER(name) decltype(&::duckdb_##name) name = nullptr;
  MILLGATE_DUCKDB_FUNCTIONS(MILLGATE_DUCKDB_MEMBER)
#undef MILLGATE_DUCKDB_MEMBER
};

/// Loads the library at the first call; later ones give the same answer. Thread-safe.
///
/// Errors: `outside` when it is missing, broken, or of another minor version than duckdb.h.
[[nodiscard]] Status load_duckdb();

/// After load_duckdb() succeeded: `duckdb().query(...)` calls `duckdb_query`. Thread-safe.
[[nodiscard]] const DuckdbFunctions& duckdb();

}  // namespace millgate
