# ONNX Runtime, unpacked by scripts/setup into .deps/onnxruntime. The program loads it when it is
# needed and declares what it calls itself (engine/model/artifact/onnx_library.h): there is nothing to
# compile against, only MillgateOnnxruntime_LIBRARIES to lie beside the program.
find_library(MillgateOnnxruntime_LIBRARY onnxruntime PATHS "${MILLGATE_DEPS}/onnxruntime/lib"
             NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  MillgateOnnxruntime REQUIRED_VARS MillgateOnnxruntime_LIBRARY
  REASON_FAILURE_MESSAGE "run scripts/setup, which unpacks it into .deps/onnxruntime")

set(MillgateOnnxruntime_LIBRARIES "${MillgateOnnxruntime_LIBRARY}")
