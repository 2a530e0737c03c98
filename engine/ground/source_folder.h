/// The project's own folder, for tests that read its documents and data.
#pragma once

namespace millgate {

/// Absolute path. Defined where CMake links a test program, so that no compile command holds it and
/// what ccache keeps is good for every clone.
extern const char* const kSourceFolder;

}  // namespace millgate
