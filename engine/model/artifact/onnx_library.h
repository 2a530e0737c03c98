/// The functions of ONNX Runtime's C interface that are used, loaded when the first ONNX model is.
/// Include in .cc files of this room only.
///
/// No package carries its header. The interface is one table of functions that only grows: a
/// function keeps its place for ever (OrtApi in onnxruntime_c_api.h). So the places and types that
/// are used are declared here, and a library that knows the version of the table is one that has
/// them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ground/error.h"

namespace millgate::onnx {

inline constexpr uint32_t kTableVersion = 20;  ///< ONNX Runtime 1.20 and later have it.

// Handles; the library frees each by its own Release function.
struct Allocator;
struct Environment;
struct MemoryInfo;
struct RunOptions;
struct Session;
struct SessionOptions;
struct Status;  ///< Null: success.
struct TensorInfo;
struct TypeInfo;
struct Value;

enum class ElementType : int32_t { float32 = 1, int32 = 6, int64 = 7, text = 8, float64 = 11 };
enum class ValueKind : int32_t { tensor = 1, sequence = 2, map = 3 };

/// Place in the table, name, and type as `R(arguments)`.
#define MILLGATE_ONNX_FUNCTIONS(F)                                                                 \
  F(2, GetErrorMessage, const char*(const Status*))                                                \
  F(3, CreateEnv, Status*(int level, const char* name, Environment**))                             \
  F(6, DisableTelemetryEvents, Status*(const Environment*))                                        \
  F(8, CreateSessionFromArray,                                                                     \
    Status*(const Environment*, const void* bytes, size_t size, const SessionOptions*, Session**)) \
  F(9, Run,                                                                                        \
    Status*(Session*, const RunOptions*, const char* const* input_names,                           \
            const Value* const* inputs, size_t input_count, const char* const* output_names,       \
            size_t output_count, Value** outputs))                                                 \
  F(10, CreateSessionOptions, Status*(SessionOptions**))                                           \
  F(22, SetSessionLogSeverityLevel, Status*(SessionOptions*, int level))                           \
  F(24, SetIntraOpNumThreads, Status*(SessionOptions*, int threads))                               \
  F(25, SetInterOpNumThreads, Status*(SessionOptions*, int threads))                               \
  F(30, SessionGetInputCount, Status*(const Session*, size_t*))                                    \
  F(31, SessionGetOutputCount, Status*(const Session*, size_t*))                                   \
  F(33, SessionGetInputTypeInfo, Status*(const Session*, size_t index, TypeInfo**))                \
  F(34, SessionGetOutputTypeInfo, Status*(const Session*, size_t index, TypeInfo**))               \
  F(36, SessionGetInputName, Status*(const Session*, size_t index, Allocator*, char**))            \
  F(37, SessionGetOutputName, Status*(const Session*, size_t index, Allocator*, char**))           \
  F(49, CreateTensorWithDataAsOrtValue,                                                            \
    Status*(const MemoryInfo*, void* data, size_t size_bytes, const int64_t* shape,                \
            size_t dimensions, ElementType, Value**))                                              \
  F(51, GetTensorMutableData, Status*(Value*, void**))                                             \
  F(55, CastTypeInfoToTensorInfo, Status*(const TypeInfo*, const TensorInfo**))                    \
  F(56, GetOnnxTypeFromTypeInfo, Status*(const TypeInfo*, ValueKind*))                             \
  F(60, GetTensorElementType, Status*(const TensorInfo*, ElementType*))                            \
  F(61, GetDimensionsCount, Status*(const TensorInfo*, size_t*))                                   \
  F(62, GetDimensions, Status*(const TensorInfo*, int64_t*, size_t count))                         \
  F(64, GetTensorShapeElementCount, Status*(const TensorInfo*, size_t*))                           \
  F(65, GetTensorTypeAndShape, Status*(const Value*, TensorInfo**))                                \
  F(69, CreateCpuMemoryInfo, Status*(int allocator, int kind, MemoryInfo**))                       \
  F(76, AllocatorFree, Status*(Allocator*, void*))                                                 \
  F(78, GetAllocatorWithDefaultOptions, Status*(Allocator**))                                      \
  F(93, ReleaseStatus, void(Status*))                                                              \
  F(95, ReleaseSession, void(Session*))                                                            \
  F(96, ReleaseValue, void(Value*))                                                                \
  F(98, ReleaseTypeInfo, void(TypeInfo*))                                                          \
  F(99, ReleaseTensorTypeAndShapeInfo, void(TensorInfo*))                                          \
  F(100, ReleaseSessionOptions, void(SessionOptions*))

/// The pointer type of a function type.
template <typename Function>
struct Entry;
/// Of `Result(Arguments...)`.
template <typename Result, typename... Arguments>
struct Entry<Result(Arguments...)> {
  using Pointer = Result (*)(Arguments...);
};

/// Those of the table that are used.
struct Functions {
#define MILLGATE_ONNX_MEMBER(place, name, ...) Entry<__VA_ARGS__>::Pointer name = nullptr;
  MILLGATE_ONNX_FUNCTIONS(MILLGATE_ONNX_MEMBER)
#undef MILLGATE_ONNX_MEMBER
};

/// The library with what all its users share: they live as long as the process.
struct Library {
  Functions functions;
  Environment* environment = nullptr;
  Allocator* allocator = nullptr;
  MemoryInfo* memory = nullptr;  ///< Of the processor.
  const char* version = "";      ///< "1.32.0".

  /// An error with the library's own words, when `status` is one; frees it.
  [[nodiscard]] ::millgate::Status check(Status* status, const char* action) const;
};

/// Loads it at the first call. Thread-safe.
/// Errors: `outside` when it is missing, broken or too old.
[[nodiscard]] Result<const Library*> load_library();

}  // namespace millgate::onnx
